package dataset

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ballast-ml/ballast/internal/rng"
)

// handMade returns an image of two planes of 4x5 pixels that are all different
// and none of them black.
func handMade() (shape []int, image []float32) {
	shape = []int{2, 4, 5}
	for i := range 40 {
		image = append(image, float32(i+1))
	}
	return shape, image
}

// shows writes a plane as text: a line of letters for each line of pixels, '.'
// where it is black.
func shows(shape []int, plane []float32) string {
	var b bytes.Buffer
	for i, x := range plane {
		if i%shape[2] == 0 && i > 0 {
			b.WriteByte('/')
		}
		if x == 0 {
			b.WriteByte('.')
		} else {
			b.WriteByte('a' + byte(int(x-1)%20))
		}
	}
	return b.String()
}

// drawn finds a position whose draws are as wanted, and returns the image seen
// there.
func drawn(t *testing.T, a Augment, want func(r rng.Stream) bool) string {
	t.Helper()
	shape, image := handMade()
	for position := range 10000 {
		if !want(rng.New(7, rng.Augment, 3, uint64(position))) {
			continue
		}
		out := make([]float32, len(image))
		a.apply(out, image, shape, 7, 3, position)
		one, two := shows(shape, out[:20]), shows(shape, out[20:])
		if one != two {
			t.Errorf("the planes differ: %s and %s", one, two)
		}
		return one
	}
	t.Fatal("no position draws that")
	return ""
}

// Images made by hand: what a shift, a mirror and a hole are.
func TestAugmentGeometry(t *testing.T) {
	shift := func(down, right int) func(rng.Stream) bool {
		return func(r rng.Stream) bool { return r.IntN(drawDown, 3) == down+1 && r.IntN(drawRight, 3) == right+1 }
	}
	flips := func(yes uint64) func(rng.Stream) bool {
		return func(r rng.Stream) bool { return r.Uint64(drawFlip)>>63 == yes }
	}
	hole := func(y, x int) func(rng.Stream) bool {
		return func(r rng.Stream) bool { return r.IntN(drawCutY, 4) == y && r.IntN(drawCutX, 5) == x }
	}
	for _, c := range []struct {
		name  string
		a     Augment
		drawn func(rng.Stream) bool
		want  string
	}{
		{"no shift", Augment{Crop: 1}, shift(0, 0), "abcde/fghij/klmno/pqrst"},
		{"window up left", Augment{Crop: 1}, shift(-1, -1), "...../.abcd/.fghi/.klmn"},
		{"window down right", Augment{Crop: 1}, shift(1, 1), "ghij./lmno./qrst./....."},
		{"not mirrored", Augment{Flip: true}, flips(0), "abcde/fghij/klmno/pqrst"},
		{"mirrored", Augment{Flip: true}, flips(1), "edcba/jihgf/onmlk/tsrqp"},
		{"hole inside", Augment{Cutout: 2}, hole(2, 2), "abcde/f..ij/k..no/pqrst"},
		{"hole at a corner", Augment{Cutout: 2}, hole(0, 0), ".bcde/fghij/klmno/pqrst"},
		{"hole at the other corner", Augment{Cutout: 3}, hole(3, 4), "abcde/fghij/klm../pqr.."},
	} {
		if got := drawn(t, c.a, c.drawn); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// All shifts, both sides and all places of the hole come up about equally often.
func TestAugmentIsUniform(t *testing.T) {
	shape, image := handMade()
	out := make([]float32, len(image))
	for _, c := range []struct {
		a    Augment
		ways int
	}{{Augment{Crop: 1}, 9}, {Augment{Flip: true}, 2}, {Augment{Cutout: 1}, 20}} {
		const n = 4000
		seen := map[string]int{}
		for i := range n {
			c.a.apply(out, image, shape, 1, i/64, i%64)
			seen[shows(shape, out[:20])]++
		}
		if len(seen) != c.ways {
			t.Errorf("%v: %d different images, want %d", c.a, len(seen), c.ways)
		}
		for image, k := range seen {
			if want := n / c.ways; k < want*3/4 || k > want*5/4 {
				t.Errorf("%v: %s %d times of %d, want about %d", c.a, image, k, n, want)
			}
		}
	}
}

// Nothing to do is the identity, whatever the draws; and two mirrors are none.
func TestAugmentIdentity(t *testing.T) {
	shape, image := handMade()
	rapid.Check(t, func(t *rapid.T) {
		seed, step, position := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 1000).Draw(t, "step"), rapid.IntRange(0, 1000).Draw(t, "position")
		once, twice := make([]float32, len(image)), make([]float32, len(image))
		Augment{}.apply(once, image, shape, seed, step, position)
		if !slices.Equal(once, image) {
			t.Fatalf("with nothing to do the image becomes %v", once)
		}
		Augment{Flip: true}.apply(once, image, shape, seed, step, position)
		Augment{Flip: true}.apply(twice, once, shape, seed, step, position)
		if !slices.Equal(twice, image) {
			t.Fatalf("mirrored twice: %v", twice)
		}
	})
}

// augmentedSet returns images and a plan that shifts, mirrors and cuts them.
func augmentedSet(rows int) (*Set, Plan) {
	p := Plan{Rows: rows, Batch: 7, Epochs: 2, Seed: 5, Augment: Augment{Crop: 2, Flip: true, Cutout: 3}}
	return Noise([]int{3, 8, 8}, 2, rows, 1).Train, p
}

// A batch is the same whoever reads which of its shards, and from whatever step
// on they read; another step or place shows another image.
func TestAugmentedBatches(t *testing.T) {
	set, p := augmentedSet(31)
	whole := NewLoader(set, p, 4, 0, 4, 0)
	defer whole.Close()
	seen, shards := map[string]bool{}, 0
	for step := range p.TotalSteps() {
		var want []float32
		for _, part := range next(t, whole).Parts {
			want = append(want, part.X...)
			if len(part.IDs) > 0 {
				seen[fmt.Sprint(part.X)] = true
				shards++
			}
		}
		for _, cut := range []int{0, 1, 3} {
			var got []float32
			for _, host := range [][2]int{{0, cut}, {cut, 4}} {
				l := NewLoader(set, p, 4, host[0], host[1], step)
				for _, part := range next(t, l).Parts {
					got = append(got, part.X...)
				}
				l.Close()
			}
			if !slices.Equal(got, want) {
				t.Fatalf("step %d, cut at shard %d: another batch", step, cut)
			}
		}
	}
	if len(seen) != shards {
		t.Errorf("%d different ones of %d shards", len(seen), shards)
	}
}

// A loader that augments allocates nothing in a step, either.
func TestAugmentAllocations(t *testing.T) {
	set, p := augmentedSet(1000)
	p.Batch, p.Epochs = 10, 100
	l := NewLoader(set, p, 8, 0, 8, 0)
	defer l.Close()
	ctx := t.Context()
	if n := testing.AllocsPerRun(500, func() { l.Next(ctx) }); n > 0 {
		t.Errorf("%g allocations a step", n)
	}
}

func TestParseAugment(t *testing.T) {
	for text, want := range map[string]string{
		"none": "none", "crop": "crop", "cutout,flip,crop": "crop,flip,cutout", "cutout=5,crop=2": "crop=2,cutout=5", "crop=0": "none",
	} {
		a, err := ParseAugment(text)
		if err != nil || a.String() != want {
			t.Errorf("%s: %v, %v, want %s", text, a, err, want)
		}
		if again, err := ParseAugment(a.String()); err != nil || again != a {
			t.Errorf("%s: read again it is %v, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "crop,", "rotate", "flip=2", "crop=-1", "crop=x", "crop,crop", "flip,none", "cutout=5000"} {
		if a, err := ParseAugment(text); err == nil || !strings.Contains(err.Error(), "expected") && !strings.Contains(err.Error(), "twice") {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
}

func TestAugmentFor(t *testing.T) {
	a, err := Augment{Crop: bySize, Flip: true, Cutout: bySize}.For([]int{3, 32, 32})
	if err != nil || a != (Augment{4, true, 16}) {
		t.Errorf("for 32x32: %v, %v", a, err)
	}
	if a, err := (Augment{Crop: bySize}).For([]int{1, 28, 40}); err != nil || a.Crop != 4 {
		t.Errorf("for 28x40: %v, %v", a, err)
	}
	for _, c := range []struct {
		a     Augment
		shape []int
	}{{Augment{Flip: true}, []int{30}}, {Augment{Crop: 28}, []int{1, 28, 28}}, {Augment{Cutout: 28}, []int{1, 40, 28}}} {
		if _, err := c.a.For(c.shape); err == nil {
			t.Errorf("%v for %v is taken", c.a, c.shape)
		}
	}
	if _, err := (Augment{}).For([]int{30}); err != nil {
		t.Errorf("nothing to do for a table: %v", err)
	}
}
