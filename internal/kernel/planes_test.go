package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestLanes holds the sums to their definition, lane by lane.
func TestLanes(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(31, 32))
		for n := range 100 {
			draw := noise
			if n%3 == 0 {
				draw = mixed
			}
			x, y, s := draw(rng, n), draw(rng, n), noise(rng, 2)
			var start, sums, dots Lanes
			for i := range start {
				start[i] = rng.NormFloat64()
			}
			sums, dots = start, start
			for i, v := range x {
				h := float64(float32((y[i] - s[0]) * s[1]))
				sums[i%16] += float64(v)
				dots[i%16] += float64(float64(v) * h)
			}
			gotSum, gotSums, gotDots := start, start, start
			gotSum.Add(x)
			AddProducts(&gotSums, &gotDots, x, y, s[0], s[1])
			for name, c := range map[string][2]Lanes{
				"Add":               {gotSum, sums},
				"AddProducts, sums": {gotSums, sums}, "AddProducts, dots": {gotDots, dots},
			} {
				for i, v := range c[0] {
					if w := c[1][i]; v != w && (v == v || w == w) {
						t.Fatalf("%s of %d elements, lane %d: %v, want %v", name, n, i, v, w)
					}
				}
			}
		}
	})
}

func TestFold(t *testing.T) {
	var l Lanes
	for i := range l {
		l[i] = float64(int(1) << i)
	}
	if got := l.Fold(); got != 1<<16-1 {
		t.Errorf("sum of powers of two: %v", got)
	}
}

// TestMaxPool compares pooling with its definition, on planes of any width
// with edge cases in them, and makes sure that nothing else is touched.
func TestMaxPool(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(33, 34))
		for n := range 50 {
			m, width := rng.IntN(5), 2*n+rng.IntN(3)
			x, y, dy, dx := mixed(rng, 2*m*width+8), noise(rng, m*n+8), mixed(rng, m*n), noise(rng, 2*m*width+8)
			for i := range x {
				if rng.IntN(2) == 0 {
					x[i] = float32(rng.IntN(3)) // ties
				}
			}
			want, wantBack := clone(y), clone(dx)
			for i := range m {
				for j := range n {
					p := 2*i*width + 2*j
					places := []int{p, p + 1, p + width, p + width + 1}
					best, at := x[p], p
					for _, q := range places {
						if best == best && (x[q] != x[q] || x[q] > best) {
							best, at = x[q], q
						}
						if best != best {
							at = places[3]
						}
						wantBack[q] = 0
					}
					want[i*n+j], wantBack[at] = best, dy[i*n+j]
				}
			}
			MaxPool(y, x, width, m, n)
			MaxPoolBackward(dx, dy, x, width, m, n)
			for i := range want {
				if !sameFloat(y[i], want[i]) && (y[i] != 0 || want[i] != 0) { // of zeros either
					t.Fatalf("MaxPool %d×%d: element %d is %b, want %b", m, n, i, y[i], want[i])
				}
			}
			compare(t, fmt.Sprintf("MaxPoolBackward %d×%d", m, n), dx, wantBack)
		}
	})
}

// TestMaxPoolBits: of a positive and a negative zero every path takes the same.
func TestMaxPoolBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	x := mixed(rng, 2*64*200)
	want := make([]float32, 64*100)
	for i, path := range Paths() {
		undo := Use(path)
		got := make([]float32, len(want))
		MaxPool(got, x, 200, 64, 100)
		if i == 0 {
			want = got
		}
		compare(t, path, got, want)
		undo()
	}
}

func BenchmarkPlanes(b *testing.B) {
	const width, m, n = 28, 14, 14
	rng := rand.New(rand.NewPCG(1, 1))
	x, d, y, dy := noise(rng, width*width), noise(rng, width*width), noise(rng, m*n), noise(rng, m*n)
	var l, k Lanes
	f := NormFactors{0.1, 1.1, 0.9, 0.2}
	for _, path := range Paths() {
		for name, call := range map[string]func(){
			"MaxPool":           func() { MaxPool(y, x, width, m, n) },
			"MaxPoolBackward":   func() { MaxPoolBackward(d, dy, x, width, m, n) },
			"Add":               func() { l.Add(x) },
			"AddProducts":       func() { AddProducts(&l, &k, x, d, 0.1, 1.1) },
			"Normalize":         func() { Normalize(d, x, f) },
			"NormalizeBackward": func() { NormalizeBackward(d, d, x, f, 0.1, 0.2) },
		} {
			b.Run(path+"/"+name, func(b *testing.B) {
				defer Use(path)()
				for b.Loop() {
					call()
				}
			})
		}
	}
}
