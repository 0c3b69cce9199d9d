package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"slices"
	"testing"
)

// The glyphs are part of what a seed means: any change of these hashes changes
// every model trained on them.
const (
	glyphRowsSeed1   = "d8b959a737da60c42901676b8150c4cc7f39a8784189b783b3bec98c274c0e9d"
	glyphPixelsSeed1 = "56855e388584e7d44701b21307166e34ac995270dd61ba20709b1e6b7c52597c"
	glyphPrintSeed1  = "a34f4371558517f7a83804ef81a25542e01baf92f016e30e7b171fe64f88b4ee"
)

func TestGlyphsGolden(t *testing.T) {
	d := open(t, Spec{Data: "glyphs", Seed: 1})
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

func TestGlyphsAnyProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range []int{1, 3, 8} {
		runtime.GOMAXPROCS(n)
		if got := open(t, Spec{Data: "glyphs", Seed: 1}).Fingerprint; got != glyphPrintSeed1 {
			t.Errorf("on %d processors: %s", n, got)
		}
	}
}

// What a row shows does not depend on which other rows are drawn.
func TestGlyphsRowsAreIndependent(t *testing.T) {
	d := open(t, Spec{Data: "glyphs", Seed: 5})
	few := open(t, Spec{Data: "glyphs", Seed: 5, LongTail: 500})
	at := map[int]int{}
	for i := range d.Train.Len() {
		at[d.Train.ID(i)] = i
	}
	a, b := make([]float32, 784), make([]float32, 784)
	for i := range few.Train.Len() {
		j, ok := at[few.Train.ID(i)]
		if !ok {
			t.Fatalf("row %d of a tail of 500 is not in that of 100", few.Train.ID(i))
		}
		few.Train.Read(a, i)
		d.Train.Read(b, j)
		if !slices.Equal(a, b) {
			t.Fatalf("row %d has other pixels", few.Train.ID(i))
		}
	}
}

func TestGlyphsShape(t *testing.T) {
	d := open(t, Spec{Data: "glyphs", Seed: 1})
	counts := d.Train.Counts()
	sorted := slices.Sorted(slices.Values(counts))
	if len(d.Classes) != 34 || sorted[0] != 11 || sorted[33] != 1100 {
		t.Errorf("%d classes, smallest %d, largest %d", len(d.Classes), sorted[0], sorted[33])
	}
	if slices.IsSorted(counts) || slices.IsSortedFunc(counts, func(a, b int) int { return b - a }) {
		t.Error("the tail follows the alphabet")
	}
	for c, n := range d.Test.Counts() {
		if n != 150 {
			t.Errorf("%d test rows of %s", n, d.Classes[c])
		}
	}
	other := open(t, Spec{Data: "glyphs", Seed: 2})
	if slices.Equal(other.Train.Counts(), counts) {
		t.Error("another seed has the same tail")
	}
	even := open(t, Spec{Data: "glyphs", Seed: 1, LongTail: 2})
	if got := slices.Min(even.Train.Counts()); got != 550 {
		t.Errorf("tail of 2: smallest class of %d", got)
	}
}

func TestGlyphsGroups(t *testing.T) {
	d := open(t, Spec{Data: "glyphs", Seed: 1})
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
	for _, g := range groups {
		n := make([]int, len(d.Classes))
		for _, i := range g.Rows {
			n[d.Test.Label(int(i))]++
		}
		if slices.Min(n) != slices.Max(n) {
			t.Errorf("%s: classes of %d to %d rows", g.Name, slices.Min(n), slices.Max(n))
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
