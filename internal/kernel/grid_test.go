package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// gridCase is an image seen through a table of offsets.
type gridCase struct {
	m, n, k int // rows of a, columns of b, offsets
	g       Grid
}

func gridCases(rng *rand.Rand) []gridCase {
	var list []gridCase
	for m := 1; m <= 30; m++ { // every number of rows of every tile
		cols := 1 + rng.IntN(70)
		list = append(list, gridCase{m, 1 + rng.IntN(70), 1 + rng.IntN(20), Grid{1 + rng.IntN(9), cols, cols + rng.IntN(6)}})
	}
	for _, cols := range []int{1, 5, 7, 8, 9, 10, 14, 15, 16, 17, 24, 28, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100} {
		for _, more := range []int{0, 2, 20} {
			list = append(list, gridCase{1 + rng.IntN(24), 1 + rng.IntN(40), 1 + rng.IntN(12), Grid{1 + rng.IntN(5), cols, cols + more}})
		}
	}
	for rows := range 10 {
		list = append(list, gridCase{1 + rng.IntN(40), 1, 1 + rng.IntN(40), Grid{rows, 8, 8 + rng.IntN(5)}}, gridCase{15, 1, 1025, Grid{rows, 8, 10}})
	}
	for range 60 {
		cols := 1 + rng.IntN(40)
		list = append(list, gridCase{1 + rng.IntN(40), 1 + rng.IntN(40), 1 + rng.IntN(40), Grid{1 + rng.IntN(30), cols, cols + rng.IntN(8)}})
	}
	return append(list,
		gridCase{3, 5, 1030, Grid{3, 8, 10}},
		gridCase{2, 3, 2, Grid{2, 5000, 5001}},
		gridCase{17, 6, 2, Grid{9000, 1, 3}},
		gridCase{4, 6, 2, Grid{100, 90, 92}},
	)
}

// TestGrid compares both products with a grid with those with the matrix that
// the grid stands for, and makes sure that nothing around c is touched.
func TestGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for i, c := range gridCases(rng) {
		long := (c.g.Rows-1)*c.g.Pitch + c.g.Cols
		draw := noise
		if i%3 == 0 {
			draw = mixed
		}
		x, at, places := draw(rng, long+50), make([]int, c.k), c.g.Places()
		for p := range at {
			at[p] = rng.IntN(51)
		}
		w := make([]float32, 0, c.k*places)
		for _, o := range at {
			for r := range c.g.Rows {
				w = append(w, x[o+r*c.g.Pitch:][:c.g.Cols]...)
			}
		}
		a, b := draw(rng, c.m*c.k), draw(rng, places*c.n)
		right, left := noise(rng, c.m*places+64), noise(rng, c.k*c.n+64)
		wantRight, wantLeft, wantMore := clone(right), clone(left), clone(left)
		MatMul(wantRight[32:], a, w, c.m, places, c.k, false)
		MatMul(wantLeft[32:], w, b, c.k, c.n, places, false)
		MatMul(wantMore[32:], w, b, c.k, c.n, places, true)
		for _, path := range Paths() {
			undo := Use(path)
			what := fmt.Sprintf("%+v, path %s", c, path)
			got := clone(right)
			MatMulGrid(got[32:], a, x, at, c.m, c.g)
			compare(t, "a·W "+what, got, wantRight)
			got = clone(left)
			GridMatMul(got[32:], x, b, at, c.n, c.g, false)
			compare(t, "W·b "+what, got, wantLeft)
			got = clone(left)
			GridMatMul(got[32:], x, b, at, c.n, c.g, true)
			compare(t, "c + W·b "+what, got, wantMore)
			undo()
		}
	}
}

func TestCopyRows(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 24))
		for n := range 70 {
			m, ldd, lds := rng.IntN(6), n+rng.IntN(4), n+rng.IntN(4)
			src, got := noise(rng, m*lds+n), noise(rng, m*ldd+n+16)
			want := clone(got)
			for i := range m {
				copy(want[i*ldd:][:n], src[i*lds:])
			}
			CopyRows(got, ldd, src, lds, m, n)
			compare(t, fmt.Sprintf("CopyRows %d×%d", m, n), got, want)
		}
	})
}

// BenchmarkGrid has the convolutions of LeNet and ResNet-20, one sample at a
// time.
func BenchmarkGrid(b *testing.B) {
	for _, path := range Paths()[1:] {
		for _, s := range []struct{ in, out, size, kernel, pad int }{
			{1, 6, 28, 5, 2}, {6, 16, 14, 5, 0}, {16, 6, 10, 5, 4}, {3, 16, 32, 3, 1}, {16, 16, 32, 3, 1}, {32, 32, 16, 3, 1}, {64, 64, 8, 3, 1},
		} {
			width := s.size + 2*s.pad
			g := Grid{width - s.kernel + 1, width - s.kernel + 1, width}
			var at []int
			for c := range s.in {
				for t := range s.kernel * s.kernel {
					at = append(at, (c*width+t/s.kernel)*width+t%s.kernel)
				}
			}
			rng := rand.New(rand.NewPCG(1, 1))
			a, x := noise(rng, s.out*len(at)), noise(rng, s.in*width*width)
			y, dw := noise(rng, s.out*g.Places()), noise(rng, len(at)*s.out)
			name := fmt.Sprintf("%s/%d->%d,%dx%d,k=%d", path, s.in, s.out, s.size, s.size, s.kernel)
			b.Run(name+"/forward", func(b *testing.B) {
				defer Use(path)()
				reportBest(b, 2*s.out*len(at)*g.Places(), func() { MatMulGrid(y, a, x, at, s.out, g) })
			})
			b.Run(name+"/weights", func(b *testing.B) {
				defer Use(path)()
				reportBest(b, 2*s.out*len(at)*g.Places(), func() { GridMatMul(dw, x, y, at, s.out, g, false) })
			})
		}
	}
}
