package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// The glyphs are part of what a seed means: any change of these hashes changes
// every model trained on them.
const (
	glyphRowsSeed1   = "d8b959a737da60c42901676b8150c4cc7f39a8784189b783b3bec98c274c0e9d"
	glyphPixelsSeed1 = "56855e388584e7d44701b21307166e34ac995270dd61ba20709b1e6b7c52597c"
	glyphPrintSeed1  = "a34f4371558517f7a83804ef81a25542e01baf92f016e30e7b171fe64f88b4ee"
)

// glyphs1 are the glyphs of seed 1, drawn once for all tests.
var glyphs1 = sync.OnceValues(func() (*Data, error) {
	return Open(context.Background(), Spec{Data: "glyphs", Seed: 1})
})

func TestGlyphsGolden(t *testing.T) {
	d, err := glyphs1()
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	h.Write(d.Train.pixels)
	h.Write(d.Test.pixels)
	for name, c := range map[string]struct{ got, want string }{
		"rows":        {rowsDigest(d.Train), glyphRowsSeed1},
		"pixels":      {hex.EncodeToString(h.Sum(nil)), glyphPixelsSeed1},
		"fingerprint": {d.Fingerprint, glyphPrintSeed1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
}

// What a row shows does not depend on which other rows are drawn, nor on how
// many goroutines draw them.
func TestGlyphsRowsAreIndependent(t *testing.T) {
	d, err := glyphs1()
	if err != nil {
		t.Fatal(err)
	}
	r, err := openGlyphs(t.Context(), "", &Spec{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var rows []int32
	var want []uint8
	for i := 0; i < d.Train.Len(); i += 50 {
		rows = append(rows, int32(d.Train.ID(i)))
		want = append(want, d.Train.pixels[i*784:(i+1)*784]...)
	}
	for _, workers := range []int{1, 2, 3, 8} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
			got, err := r.pixels(t.Context(), rows)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d workers draw something else (%v)", workers, err)
			}
		}()
	}
}

// chosen returns the classes of the rows that a glyph set trains on.
func chosen(t *testing.T, s Spec) []int {
	t.Helper()
	s.Data = "glyphs"
	r, err := openGlyphs(t.Context(), "", &s)
	if err != nil {
		t.Fatal(err)
	}
	train, _, _, err := choose(r, &s)
	if err != nil {
		t.Fatal(err)
	}
	n := make([]int, len(r.classes))
	for c, of := range byClass(train, r.labels, len(n)) {
		n[c] = len(of)
	}
	return n
}

func TestGlyphsTail(t *testing.T) {
	counts := chosen(t, Spec{Seed: 1})
	if len(counts) != 34 || slices.Min(counts) != 11 || slices.Max(counts) != 1100 {
		t.Errorf("%d classes, smallest %d, largest %d", len(counts), slices.Min(counts), slices.Max(counts))
	}
	if slices.IsSorted(counts) || slices.IsSortedFunc(counts, func(a, b int) int { return b - a }) {
		t.Error("the tail follows the alphabet")
	}
	if slices.Equal(chosen(t, Spec{Seed: 2}), counts) {
		t.Error("another seed has the same tail")
	}
	if got := slices.Min(chosen(t, Spec{Seed: 1, LongTail: 2})); got != 550 {
		t.Errorf("tail of 2: smallest class of %d", got)
	}
	if got := slices.Min(chosen(t, Spec{Seed: 1, LongTail: 1})); got != 1100 {
		t.Errorf("tail of 1: smallest class of %d", got)
	}
}

func TestGlyphsGroups(t *testing.T) {
	d, err := glyphs1()
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Groups() != nil {
		t.Error("training rows have groups")
	}
	groups := d.Test.Groups()
	if len(groups) != 2 || groups[0].Name != "seen fonts" || groups[1].Name != "unseen fonts" {
		t.Fatalf("groups %v", groups)
	}
	if got := gather(groups[0].Rows, groups[1].Rows); !slices.Equal(got, ascending(0, d.Test.Len())) {
		t.Error("the groups are not a partition")
	}
	for k, g := range groups {
		n := make([]int, len(d.Classes))
		for _, i := range g.Rows {
			n[d.Test.Label(int(i))]++
		}
		if want := []int{100, 50}[k]; slices.Min(n) != want || slices.Max(n) != want {
			t.Errorf("%s: classes of %d to %d rows, want %d", g.Name, slices.Min(n), slices.Max(n), want)
		}
	}
}

// Every character of every font puts some ink on the paper, and not at its
// edge alone.
func TestGlyphsAreDrawn(t *testing.T) {
	for _, ttf := range slices.Concat(seenFonts, unseenFonts) {
		os, err := loadFont(ttf, characters)
		if err != nil {
			t.Fatal(err)
		}
		for k, o := range os {
			var r raster
			for _, c := range o.contours {
				vs := make([]vertex, len(c))
				for i, p := range c {
					s := capPixels / o.cap
					vs[i] = vertex{units(14 + p.x*s), units(14 + p.y*s)}
				}
				r.polygon(vs)
			}
			r.fill()
			ink, most := 0, int32(0)
			for i, c := range r.cover {
				ink += int(c)
				most = max(most, c)
				if y := i / side; c > 0 && (y < 3 || y >= 25) {
					t.Fatalf("%c: ink in row %d", characters[k], y)
				}
			}
			if share := float64(ink) / fullCover / (side * side); share < 0.02 || share > 0.25 || most > fullCover {
				t.Errorf("%c: ink on %.3f of the paper, at most %d", characters[k], share, most)
			}
		}
	}
}
