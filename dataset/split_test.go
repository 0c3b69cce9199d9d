package dataset

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The values in these tests come from a separate program, in Python, written
// from the definition of the protocol.

func TestMix(t *testing.T) {
	for _, c := range []struct{ seed, i, stream, want uint64 }{
		{0, 0, 0, 0xe220a8397b1dcdaf}, // also the first output of SplitMix64 from seed 0
		{0, 1, 0, 0x6e789e6aa1b965f4}, // and its second
		{1, 0, 0, 0x2d0f28c7e7e786b2},
		{0, 0, 1, 0xe65c8202a38aca67},
		{2, 41, 3, 0x92b591bf02349ecf},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64, 0xfc2386ab4df853d4},
	} {
		if got := mix(c.seed, c.i, c.stream); got != c.want {
			t.Errorf("mix(%d, %d, %d) = %#x, want %#x", c.seed, c.i, c.stream, got, c.want)
		}
	}
}

// modulo labels n rows 0, 1, ... classes-1, 0, 1, ...
func modulo(n, classes int) []int32 {
	y := make([]int32, n)
	for i := range y {
		y[i] = int32(i % classes)
	}
	return y
}

func TestSplitVectors(t *testing.T) {
	rows, y := ascending(0, 30), modulo(30, 3)
	kept, cut := split(rows, y, 3, 0.2, 0, streamSplit)
	if want := []int32{2, 4, 6, 8, 10, 18}; !slices.Equal(cut, want) {
		t.Errorf("seed 0: test rows %v, want %v", cut, want)
	}
	if got := gather(kept, cut); !slices.Equal(got, rows) {
		t.Errorf("seed 0: the parts together are %v", got)
	}
	if _, cut = split(rows, y, 3, 0.2, 1, streamSplit); !slices.Equal(cut, []int32{0, 11, 13, 15, 17, 22}) {
		t.Errorf("seed 1: test rows %v", cut)
	}
	if _, cut = split(rows, y, 3, 0.25, 7, streamVal); !slices.Equal(cut, []int32{0, 7, 8, 9, 10, 14, 15, 26, 28}) {
		t.Errorf("validation rows %v", cut)
	}
}

func TestSplitLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Int32Range(0, 4), 1, 60).Draw(t, "labels")
		f := rapid.Float64Range(0, 0.999).Draw(t, "fraction")
		rows := ascending(0, len(y))
		kept, cut := split(rows, y, 5, f, rapid.Uint64().Draw(t, "seed"), streamVal)
		if !slices.Equal(gather(kept, cut), rows) {
			t.Fatalf("%v and %v are not a partition", kept, cut)
		}
		of := func(rows []int32) []int {
			n := make([]int, 5)
			for _, r := range rows {
				n[y[r]]++
			}
			return n
		}
		for c, n := range of(rows) {
			want := int(math.Floor(f*float64(n) + 0.5))
			if n > 1 {
				want = max(1, min(n-1, want))
			} else {
				want = 0
			}
			if got := of(cut)[c]; got != want {
				t.Fatalf("class %d of %d rows: cut %d, want %d", c, n, got, want)
			}
		}
	})
}

func TestLongTailVectors(t *testing.T) {
	rows, err := longTail(ascending(0, 30), modulo(30, 3), ascending(0, 3), 5, 0)
	want := []int32{0, 3, 5, 6, 9, 10, 12, 13, 15, 18, 19, 21, 23, 24, 27, 28}
	if err != nil || !slices.Equal(rows, want) {
		t.Errorf("rows %v, %v; want %v", rows, err, want)
	}
}

// The published counts of long-tailed Fashion-MNIST and CIFAR-10; naive
// truncation of the power loses a row in some of them.
func TestTailCounts(t *testing.T) {
	for _, c := range []struct {
		n     int
		ratio float64
		want  []int
	}{
		{6000, 100, []int{6000, 3596, 2156, 1292, 774, 464, 278, 166, 100, 60}},
		{6000, 10, []int{6000, 4645, 3596, 2784, 2156, 1669, 1292, 1000, 774, 600}},
		{5000, 10, []int{5000, 3871, 2997, 2320, 1796, 1391, 1077, 834, 645, 500}},
		{5000, 50, []int{5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100}},
		{5000, 200, []int{5000, 2775, 1540, 854, 474, 263, 146, 81, 45, 25}},
		{7, 1, []int{7, 7, 7}},
	} {
		var got []int
		for p := range c.want {
			got = append(got, tailCount(c.n, c.ratio, p, len(c.want)))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d rows, ratio %g: %v, want %v", c.n, c.ratio, got, c.want)
		}
	}
}

// The order of the classes decides who is at the end of the tail.
func TestLongTailOrder(t *testing.T) {
	rows, err := longTail(ascending(0, 300), modulo(300, 3), []int32{2, 0, 1}, 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	of := byClass(rows, modulo(300, 3), 3)
	got := []int{len(of[0]), len(of[1]), len(of[2])}
	if diff := cmp.Diff([]int{10, 1, 100}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLongTailTooLong(t *testing.T) {
	_, err := longTail(ascending(0, 30), modulo(30, 3), ascending(0, 3), 11, 0)
	wantError(t, err, "long tail 11", "class 2", "at most 10")
}

func TestFlip(t *testing.T) {
	y := modulo(12, 3)
	n := flip(ascending(0, 12), y, 3, 0.4, 0)
	if want := []int32{0, 0, 0, 2, 1, 1, 0, 1, 1, 0, 2, 2}; !slices.Equal(y, want) || n != 6 {
		t.Errorf("labels %v, %d flipped; want %v, 6", y, n, want)
	}

	// The label of a row depends on its number alone, not on which rows are
	// there, and other rows stay as they are.
	few := modulo(12, 3)
	flip([]int32{2, 4, 11}, few, 3, 0.4, 0)
	want := modulo(12, 3)
	want[2], want[4], want[11] = y[2], y[4], y[11]
	if !slices.Equal(few, want) {
		t.Errorf("labels %v, want %v", few, want)
	}
}

// At rate r, a part r of the labels changes, to each other class as often.
func TestFlipRate(t *testing.T) {
	const n, classes, rate = 100_000, 5, 0.3
	y := make([]int32, n)
	flip(ascending(0, n), y, classes, rate, 9)
	for c, got := range count(y, classes) {
		want := n * (1 - rate)
		if c > 0 {
			want = n * rate / (classes - 1)
		}
		if math.Abs(float64(got)-want) > 5*math.Sqrt(want) {
			t.Errorf("class %d: %d labels, want about %.0f", c, got, want)
		}
	}
}
