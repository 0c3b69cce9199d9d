package dataset

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomediumitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/gomonoitalic"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// The built-in data: characters that people can tell apart (no 0 beside O, no
// 1 beside I), as many of each in the files as below. Row i shows character
// i mod 34.
const (
	characters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"
	glyphTrainOf  = 1100
	glyphTestOf   = 150
	glyphUnseenIn = 3 // one of so many test rows of a class is in an unseen font
)

// The fonts; the unseen ones occur in test rows only. Small capitals are left
// out: their capitals are those of the regular font.
var (
	seenFonts = [][]byte{
		goregular.TTF, gomedium.TTF, gobold.TTF, goitalic.TTF, gomediumitalic.TTF, gobolditalic.TTF,
		gomonoitalic.TTF, gomonobolditalic.TTF,
	}
	unseenFonts = [][]byte{gomono.TTF, gomonobold.TTF}
)

// glyphSet draws the rows of the built-in data.
type glyphSet struct {
	seed         uint64
	seen, unseen [][]outline // by font, then character
}

// openGlyphs describes the built-in data. Nothing is drawn yet: only rows that
// are chosen will be.
func openGlyphs(_ context.Context, _ string, s *Spec) (*raw, error) {
	g := &glyphSet{seed: s.Seed}
	var err error
	if g.seen, err = loadFonts(seenFonts); err != nil {
		return nil, err
	}
	if g.unseen, err = loadFonts(unseenFonts); err != nil {
		return nil, err
	}
	classes := len(characters)
	r := &raw{
		name:   "glyphs",
		path:   "glyphs",
		kind:   Image,
		shape:  []int{1, side, side},
		train:  classes * glyphTrainOf,
		labels: make([]int32, classes*(glyphTrainOf+glyphTestOf)),
		tail:   GlyphTail,
		order:  ascending(0, classes),
		pixels: g.draw,
		groups: g.groups,
	}
	for i := range r.labels {
		r.labels[i] = int32(i % classes)
	}
	for _, c := range characters {
		r.classes = append(r.classes, string(c))
	}
	hashSort(r.order, s.Seed, streamOrder)
	if s.Prep != nil {
		if err := s.Prep.check("glyphs", r.kind, r.shape); err != nil {
			return nil, err
		}
		if !slices.Equal(s.Prep.Classes, r.classes) {
			return nil, fmt.Errorf("glyphs: expected the classes of the stored model, %s; these are %s",
				frame.Listed(s.Prep.Classes), frame.Listed(r.classes))
		}
	}
	return r, nil
}

func loadFonts(ttfs [][]byte) ([][]outline, error) {
	fonts := make([][]outline, len(ttfs))
	for i, ttf := range ttfs {
		var err error
		if fonts[i], err = loadFont(ttf, characters); err != nil {
			return nil, fmt.Errorf("built-in font %d: %w", i, err)
		}
	}
	return fonts, nil
}

// isTest reports whether a row is a test row.
func isTest(row int32) bool { return int(row) >= len(characters)*glyphTrainOf }

// isUnseen reports whether a row is in an unseen font.
func isUnseen(row int32) bool {
	return isTest(row) && int(row)/len(characters)%glyphUnseenIn == glyphUnseenIn-1
}

// groups names the rows by whether their fonts occur in training.
func (g *glyphSet) groups(rows []int32) []Group {
	of := []Group{{Name: "seen fonts"}, {Name: "unseen fonts"}}
	for i, row := range rows {
		k := 0
		if isUnseen(row) {
			k = 1
		}
		of[k].Rows = append(of[k].Rows, int32(i))
	}
	return of
}

// draw returns the pixels of rows, drawn by as many goroutines as there are
// processors. Each row is a function of (seed, part, row) alone.
func (g *glyphSet) draw(ctx context.Context, rows []int32) ([]uint8, error) {
	const dim = side * side
	pixels := make([]uint8, len(rows)*dim)
	workers := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for w := range workers {
		lo, hi := ShardRange(len(rows), workers, w)
		all.Go(func() {
			var p pen
			for i := lo; i < hi && ctx.Err() == nil; i++ {
				g.one(&p, pixels[i*dim:(i+1)*dim], rows[i])
			}
		})
	}
	all.Wait()
	return pixels, context.Cause(ctx)
}
