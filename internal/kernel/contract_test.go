package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// TestRowsAlone holds the promise that a row of a product does not depend on
// how many others are computed with it.
func TestRowsAlone(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			f := multiplies[rapid.IntRange(0, 2).Draw(t, "product")]
			if f.name == "TN" {
				f = multiplies[0] // the rows of its a are not adjacent
			}
			size := rapid.IntRange(1, 90)
			m, n, k := size.Draw(t, "m"), size.Draw(t, "n"), size.Draw(t, "k")
			acc := rapid.Bool().Draw(t, "acc")
			rng := rand.New(rand.NewPCG(uint64(m), uint64(n)))
			a, b, whole := noise(rng, m*k), noise(rng, n*k), noise(rng, m*n)
			parts := clone(whole)
			f.f(whole, a, b, m, n, k, acc)
			for i := 0; i < m; {
				rows := rapid.IntRange(1, m-i).Draw(t, "rows")
				f.f(parts[i*n:], a[i*k:], b, rows, n, k, acc)
				i += rows
			}
			for i := range whole {
				if !sameFloat(whole[i], parts[i]) {
					t.Fatalf("element %d is %b with all rows, %b with some", i, whole[i], parts[i])
				}
			}
		})
	})
}

// TestBlocksOfK holds the promise that cutting k and accumulating changes
// nothing.
func TestBlocksOfK(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		const m, n, k, cut = 37, 41, 150, 61
		a, b := noise(rng, k*m), noise(rng, k*n)
		whole, parts := make([]float32, m*n), make([]float32, m*n)
		MatMulTN(whole, a, b, m, n, k, false)
		MatMulTN(parts, a, b, m, n, cut, false)
		MatMulTN(parts, a[cut*m:], b[cut*n:], m, n, k-cut, true)
		compare(t, "TN in two blocks of k", parts, whole)
	})
}

// TestNaNStays puts one NaN into either operand and expects it in the whole row
// or column it belongs to, even against zeros.
func TestNaNStays(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		const m, n, k = 19, 37, 23
		for _, f := range multiplies {
			for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
				a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
				at := 5 * k // element (5, 0) of a, or (0, 5) where a is transposed
				if f.name == "TN" {
					at = 5
				}
				a[at] = bad
				f.f(c, a, b, m, n, k, false)
				for i, v := range c {
					if (v != v) != (i/n == 5) { // Inf·0 is NaN, too
						t.Fatalf("%s with %v in row 5: element (%d, %d) is %v", f.name, bad, i/n, i%n, v)
					}
				}
			}
		}
	})
}

// TestHalfway builds sums that lie half way between two float32 but for a
// difference that float64 cannot hold: there, a kernel that rounds twice gives
// itself away, as does one that rounds its products.
func TestHalfway(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		const n = 50
		a := []float32{1, 1 + 0x1p-23, 1 + 0x1p-12}
		b, want := make([]float32, 3*n), make([]float32, n)
		for j := range n {
			if j%2 == 0 { // 1 + ½ulp·(1 + 2⁻³⁶) goes up; half way, 1 is the even one
				b[j], b[2*n+j] = 1, 0x1p-24*(1-4095*0x1p-24)
				want[j] = 1 + 0x1p-23
			} else { // 1 + ulp + ½ulp·(1 - 2⁻⁴⁶) goes down; half way, 1 + 2ulp is
				b[j], b[n+j] = 1+0x1p-23, 0x1p-24*(1-0x1p-23)
				want[j] = 1 + 0x1p-23
			}
			twice := float32(math.FMA(float64(a[2]), float64(b[2*n+j]), math.FMA(float64(a[1]), float64(b[n+j]), float64(b[j]))))
			if twice == want[j] {
				t.Fatalf("column %d would not catch rounding twice", j)
			}
		}
		got := make([]float32, n)
		MatMul(got, a, b, 1, n, 3, false)
		compare(t, "half way", got, want)
	})
}

func TestPanics(t *testing.T) {
	x := make([]float32, 12)
	for name, f := range map[string]func(){
		"MatMul":                  func() { MatMul(x[:5], x, x, 2, 3, 4, false) },
		"MatMulTN":                func() { MatMulTN(x, x[:7], x, 2, 3, 4, true) },
		"MatMulNT":                func() { MatMulNT(x, x, x[:11], 2, 3, 4, true) },
		"MatMul of m":             func() { MatMul(x, x, x, -1, 3, 4, true) },
		"AddScaled":               func() { AddScaled(x, 1, x[1:]) },
		"ScaleTo":                 func() { ScaleTo(x[1:], 1, x) },
		"Add":                     func() { Add(x, x[1:]) },
		"ReLU":                    func() { ReLU(x, x[1:]) },
		"ReLUBackward":            func() { ReLUBackward(x, x, x[1:]) },
		"AddRow":                  func() { AddRow(x, x[:3], 3, 4) },
		"AddRowReLU":              func() { AddRowReLU(x, x, 4, 4) },
		"SumRows":                 func() { SumRows(x[:3], x, 3, 4) },
		"Transpose":               func() { Transpose(x[:11], x, 3, 4) },
		"MatMulGrid of":           func() { MatMulGrid(x, x, x, []int{0, 1, 2}, 5, Grid{1, 2, 2}) },
		"MatMulGrid at offset":    func() { MatMulGrid(x, x, x, []int{6}, 1, Grid{2, 2, 5}) },
		"MatMulGrid of 1 rows":    func() { MatMulGrid(x, x, x, []int{0}, 1, Grid{1, 3, 2}) },
		"GridMatMul of":           func() { GridMatMul(x[:5], x, x, []int{0, 1}, 3, Grid{1, 2, 2}, true) },
		"GridMatMul at offset -1": func() { GridMatMul(x, x, x, []int{-1}, 3, Grid{1, 2, 2}, true) },
		"CopyRows":                func() { CopyRows(x, 5, x, 4, 3, 3) },
		"MaxPool of":              func() { MaxPool(x, x, 4, 2, 2) },
		"MaxPoolBackward":         func() { MaxPoolBackward(x, x[:1], x, 4, 1, 2) },
		"AddProducts":             func() { AddProducts(nil, nil, x, x[1:], 0, 1) },
		"Normalize":               func() { Normalize(x, x[1:], NormFactors{}) },
		"NormalizeBackward":       func() { NormalizeBackward(x, x, x[1:], NormFactors{}, 0, 0) },
		"Exp":                     func() { Exp(make([]float64, 2), make([]float64, 3)) },
		"AddReLU":                 func() { AddReLU(x, x[1:]) },
		"Momentum":                func() { Momentum(x, x[1:], 1) },
		"Nesterov":                func() { Nesterov(x, x[1:], 1) },
		"Adam":                    func() { Adam(x, x, x[1:], AdamFactors{}) },
		`path "mmx"`:              func() { Use("mmx") },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "kernel: "+name) {
					t.Errorf("%s: panic %q does not say who and what", name, s)
				}
			}()
			f()
			t.Errorf("%s: no panic", name)
		}()
	}
}

func TestEmpty(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		for _, f := range multiplies {
			f.f(nil, nil, nil, 0, 3, 0, false)
			f.f(nil, nil, make([]float32, 6), 0, 3, 2, true)
			c := []float32{1, 2}
			f.f(c, nil, nil, 1, 2, 0, true)
			compare(t, f.name+" of k = 0, accumulating", c, []float32{1, 2})
			f.f(c, nil, nil, 1, 2, 0, false)
			compare(t, f.name+" of k = 0", c, []float32{0, 0})
		}
		Add(nil, nil)
		ReLU(nil, nil)
		AddRow(nil, nil, 0, 0)
		SumRows(nil, nil, 3, 0)
		Transpose(nil, nil, 0, 5)
		if s := SumSquares(nil); s != 0 {
			t.Errorf("SumSquares of nothing is %v", s)
		}
	})
}

// TestConcurrent runs products that share the scratch memory side by side.
func TestConcurrent(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		const m, n, k = 40, 64, 50
		a, b, want := noise(rng, m*k), noise(rng, n*k), make([]float32, m*n)
		MatMulNT(want, a, b, m, n, k, false)
		got := make([][]float32, 8)
		var wg sync.WaitGroup
		for i := range got {
			got[i] = make([]float32, m*n)
			wg.Go(func() {
				for range 10 {
					MatMulNT(got[i], a, b, m, n, k, false)
				}
			})
		}
		wg.Wait()
		for i := range got {
			compare(t, fmt.Sprintf("goroutine %d", i), got[i], want)
		}
	})
}

func TestNoAllocations(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		const m, n, k = 50, 520, 20
		a, b, c := noise(rng, m*n), noise(rng, m*n), noise(rng, m*n)
		row, offsets := make([]float32, n), []int{0, 1, 2, 9, 33}
		var lanes Lanes
		if allocs := testing.AllocsPerRun(10, func() {
			for _, f := range multiplies {
				f.f(c, a, b, m, n, k, true)
				f.f(c, a, b, 3, n, k, false)
			}
			Add(a, b)
			AddScaled(a, 2, b)
			AddRowReLU(a, row, m, n)
			SumRows(row, a, m, n)
			Transpose(c, a, m, n)
			Adam(a, b, c, adamFactors)
			SumSquares(a)
			MatMulGrid(c, a, b, offsets, m, Grid{7, 8, 10})
			MatMulGrid(c, a, b, offsets, m, Grid{7, 16, 19})
			GridMatMul(c, a, b, offsets, 20, Grid{7, 16, 19}, false)
			lanes.Add(a)
			AddProducts(&lanes, &lanes, a, b, 1, 2)
			MaxPool(c, a, n, m/2, n/2)
			NormalizeBackward(c, a, b, NormFactors{1, 2, 3, 4}, 5, 6)
		}); allocs != 0 {
			t.Errorf("%v allocations", allocs)
		}
	})
}
