package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// multiply is one of the three products, with the lengths of a and b known to
// the caller.
type multiply struct {
	name string
	f    func(c, a, b []float32, m, n, k int, acc bool)
	// at returns element (i, p) of a and element (p, j) of b as the definition has them.
	a func(a []float32, m, k, i, p int) float32
	b func(b []float32, n, k, p, j int) float32
}

var multiplies = []multiply{
	{"NN", MatMul,
		func(a []float32, m, k, i, p int) float32 { return a[i*k+p] },
		func(b []float32, n, k, p, j int) float32 { return b[p*n+j] }},
	{"TN", MatMulTN,
		func(a []float32, m, k, i, p int) float32 { return a[p*m+i] },
		func(b []float32, n, k, p, j int) float32 { return b[p*n+j] }},
	{"NT", MatMulNT,
		func(a []float32, m, k, i, p int) float32 { return a[i*k+p] },
		func(b []float32, n, k, p, j int) float32 { return b[j*k+p] }},
}

// define computes the product by its definition.
func (f multiply) define(c, a, b []float32, m, n, k int, acc bool) {
	for i := range m {
		for j := range n {
			var s float32
			if acc {
				s = c[i*n+j]
			}
			for p := range k {
				s = FMA(f.a(a, m, k, i, p), f.b(b, n, k, p, j), s)
			}
			c[i*n+j] = s
		}
	}
}

// noise returns n numbers of mixed size, starting at an odd offset so that no
// vector is aligned.
func noise(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n+3)[1+rng.IntN(3):]
	for i := range x {
		x[i] = float32(rng.NormFloat64() * math.Exp2(float64(rng.IntN(20)-10)))
	}
	return x[:n:n]
}

func onEachPath(t *testing.T, f func(t *testing.T)) {
	for _, name := range Paths() {
		t.Run(name, func(t *testing.T) {
			defer Use(name)()
			f(t)
		})
	}
}

func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !sameFloat(got[i], want[i]) {
			t.Fatalf("%s: element %d is %b, want %b", what, i, got[i], want[i])
		}
	}
}

// checkProduct compares one product with the definition, on each path, and
// makes sure that nothing around c is touched.
func checkProduct(t *testing.T, rng *rand.Rand, f multiply, m, n, k int, acc bool) {
	t.Helper()
	draw := noise
	if rng.IntN(3) == 0 {
		draw = mixed
	}
	a, b, room := draw(rng, m*k), draw(rng, n*k), noise(rng, m*n+64)
	want := clone(room)
	f.define(want[32:], a, b, m, n, k, acc)
	for _, path := range Paths() {
		undo := Use(path)
		got := append(make([]float32, rng.IntN(4)), room...) // starting anywhere
		got = got[len(got)-len(room):]
		f.f(got[32:], a, b, m, n, k, acc)
		compare(t, fmt.Sprintf("%s m=%d n=%d k=%d acc=%t, path %s", f.name, m, n, k, acc, path), got, want)
		undo()
	}
}

func TestMatMulSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, f := range multiplies {
		for m := range 31 { // every number of rows of every tile
			for _, n := range []int{0, 1, 7, 8, 9, 10, 15, 16, 17, 24, 31, 32, 33, 34, 48, 63, 64, 65, 70, 96} {
				checkProduct(t, rng, f, m, n, rng.IntN(20), rng.IntN(2) == 0)
			}
		}
		for range 100 {
			checkProduct(t, rng, f, rng.IntN(71), rng.IntN(71), rng.IntN(71), rng.IntN(2) == 0)
		}
	}
}

// TestMatMulLarge takes shapes that are cut into blocks in each direction.
func TestMatMulLarge(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, s := range [][3]int{{16, 256, 784}, {97, 131, 301}, {61, 1030, 33}, {300, 33, 65}, {5, 70, 2050}, {193, 67, 261}, {50, 600, 40}, {1100, 9, 3}, {3, 4200, 5}, {60, 130, 1030}, {9000, 10, 40}, {5000, 33, 50}} {
		for _, f := range multiplies {
			checkProduct(t, rng, f, s[0], s[1], s[2], rng.IntN(2) == 0)
		}
	}
}
