package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// Glyphs of the bare run, drawn from nothing.
func BenchmarkGlyphs(b *testing.B) {
	for b.Loop() {
		if _, err := Open(b.Context(), Spec{Data: "glyphs", Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

// One glyph, in one goroutine.
func BenchmarkGlyph(b *testing.B) {
	g := &glyphSet{seed: 1}
	var err error
	if g.seen, err = loadFonts(seenFonts); err != nil {
		b.Fatal(err)
	}
	var p pen
	dst := make([]uint8, side*side)
	row := int32(0)
	b.ReportAllocs()
	for b.Loop() {
		g.one(&p, dst, row)
		row = (row + 1) % 1000
	}
}

func BenchmarkReadIDX(b *testing.B) {
	content := idxImagesOf(10_000, 28, 28)
	for name, path := range map[string]string{"plain": write(b, "x", content), "gzip": write(b, "x.gz", gzipped(content))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := readIDX(b.Context(), filepath.Dir(path), "x", newRoom(&Spec{}), readImages); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadCSV(b *testing.B) {
	var text strings.Builder
	for i := range 10_000 {
		for j := range 10 {
			fmt.Fprintf(&text, "%.6f,", float64(i*j)/997)
		}
		fmt.Fprintf(&text, "'%d'\n", i%3)
	}
	path := write(b, "f.csv", []byte(text.String()))
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := Open(b.Context(), Spec{Data: "csv:" + path}); err != nil {
			b.Fatal(err)
		}
	}
}

// Batches of 128 images, all shards on one node.
func BenchmarkLoader(b *testing.B) {
	set := &Set{classes: 10, dim: 784, ids: ascending(0, 10_000), labels: modulo(10_000, 10), pixels: make([]uint8, 10_000*784)}
	l := NewLoader(set, Plan{Rows: set.Len(), Batch: 128, Epochs: 1 << 30, Seed: 1}, 8, 0, 8, 0)
	defer l.Close()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Next(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "samples/s")
}

// BenchmarkStream reads a table of 10 numbers as a stream, with batches for one
// shard of eight: what the loader of a node does beside the steps.
func BenchmarkStream(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		for j := range 10 {
			fmt.Fprintf(&text, "%.4f,", float64(i*(j+3)%997)/97)
		}
		fmt.Fprintf(&text, "%d\n", i%3)
	}
	d := open(b, Spec{Data: "csv:" + write(b, "rows.csv", []byte(text.String())), Stream: 2000})
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		l := NewStreamLoader(d.Stream, d.Train, openPlan(d, 128), 8, 0, 1, 0, 0)
		for {
			batch, err := l.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			rows += batch.Rows
		}
		l.Close()
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
