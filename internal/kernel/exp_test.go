package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var expEdges = []float64{
	0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), 0x1p-1074, -0x1p-1074, 0x1p-30, -0x1p-54,
	709.782712893384, 709.7827128933841, 710, 720, 721, 1e300, math.MaxFloat64,
	-708.3964185322641, -708.4, -740, -745.1332191019411, -745.1332191019412, -746, -760, -1e300,
	math.Ln2, math.Ln2 / 2, -math.Ln2 / 2, 0.34657359027997264, 0.3465735902799727,
}

// TestExp compares every path with the portable one, bit for bit, and that with
// the exponential of 200 bits.
func TestExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	x := append([]float64(nil), expEdges...)
	for range 2000 {
		x = append(x, rng.NormFloat64()*20, -rng.ExpFloat64(), rng.Float64()*1470-750)
	}
	want := make([]float64, len(x))
	for i, v := range x {
		want[i] = expGo(v)
		if u := ulps(want[i], v); u > 1 {
			t.Errorf("exp(%v) = %v, %v ulp off", v, want[i], u)
		}
	}
	for _, path := range Paths() {
		undo := Use(path)
		for n := range 40 {
			from := rng.IntN(len(x) - n)
			got := make([]float64, n)
			Exp(got, x[from:from+n])
			for i, g := range got {
				if w := want[from+i]; math.Float64bits(g) != math.Float64bits(w) && (g == g || w == w) {
					t.Fatalf("%s: exp(%v) = %x, want %x", path, x[from+i], g, w)
				}
			}
		}
		got := append([]float64(nil), x...)
		Exp(got, got)
		for i, g := range got {
			if math.Float64bits(g) != math.Float64bits(want[i]) && (g == g || want[i] == want[i]) {
				t.Fatalf("%s: exp(%v) = %x, want %x", path, x[i], g, want[i])
			}
		}
		undo()
	}
}

// ulps returns how far got is from eˣ, in units of its last place.
func ulps(got, x float64) float64 {
	switch {
	case x != x:
		if got != got {
			return 0
		}
		return math.Inf(1)
	case x > 709.782712893384:
		if math.IsInf(got, 1) {
			return 0
		}
		return math.Inf(1)
	case x < -746:
		return got / 0x1p-1074
	}
	// eˣ = (e^(x/1024))^1024, the inner one by its series.
	const prec = 300
	r := new(big.Float).SetPrec(prec).SetFloat64(x)
	r.SetMantExp(r, -10)
	sum, term := big.NewFloat(1).SetPrec(prec), big.NewFloat(1).SetPrec(prec)
	for i := int64(1); i < 60; i++ {
		term.Mul(term, r)
		term.Quo(term, new(big.Float).SetPrec(prec).SetInt64(i))
		sum.Add(sum, term)
	}
	for range 10 {
		sum.Mul(sum, sum)
	}
	nearest, _ := sum.Float64()
	if nearest == got {
		return 0
	}
	unit := math.Nextafter(math.Abs(nearest), math.Inf(1)) - math.Abs(nearest)
	d := new(big.Float).SetPrec(prec).Sub(sum, new(big.Float).SetFloat64(got))
	f, _ := d.Quo(d, new(big.Float).SetFloat64(unit)).Float64()
	return math.Abs(f)
}

func BenchmarkExp(b *testing.B) {
	x, y := make([]float64, 1000), make([]float64, 1000)
	for i := range x {
		x[i] = -float64(i) / 50
	}
	for _, path := range Paths() {
		b.Run(path, func(b *testing.B) {
			defer Use(path)()
			for b.Loop() {
				Exp(y, x)
			}
		})
	}
}
