package detmath

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSpecialCases(t *testing.T) {
	inf, nan, negZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	const tiny = math.SmallestNonzeroFloat64
	tests := []struct {
		name string
		got  float64
		want float64
	}{
		{"Exp(0)", Exp(0), 1},
		{"Exp(-0)", Exp(negZero), 1},
		{"Exp(tiny)", Exp(tiny), 1},
		{"Exp(+Inf)", Exp(inf), inf},
		{"Exp(-Inf)", Exp(-inf), 0},
		{"Exp(NaN)", Exp(nan), nan},
		{"Exp(709.79)", Exp(709.79), inf},
		{"Exp(-745.2)", Exp(-745.2), 0},
		{"Exp(-745.1)", Exp(-745.1), tiny},
		{"Expm1(-0)", Expm1(negZero), negZero},
		{"Expm1(tiny)", Expm1(tiny), tiny},
		{"Expm1(+Inf)", Expm1(inf), inf},
		{"Expm1(-Inf)", Expm1(-inf), -1},
		{"Expm1(-50)", Expm1(-50), -1},
		{"Expm1(710)", Expm1(710), inf},
		{"Expm1(NaN)", Expm1(nan), nan},
		{"Log(0)", Log(0), -inf},
		{"Log(-0)", Log(negZero), -inf},
		{"Log(1)", Log(1), 0},
		{"Log(-1)", Log(-1), nan},
		{"Log(-Inf)", Log(-inf), nan},
		{"Log(+Inf)", Log(inf), inf},
		{"Log(NaN)", Log(nan), nan},
		{"Log1p(-0)", Log1p(negZero), negZero},
		{"Log1p(tiny)", Log1p(tiny), tiny},
		{"Log1p(-1)", Log1p(-1), -inf},
		{"Log1p(-1.5)", Log1p(-1.5), nan},
		{"Log1p(-Inf)", Log1p(-inf), nan},
		{"Log1p(+Inf)", Log1p(inf), inf},
		{"Log1p(NaN)", Log1p(nan), nan},
		{"Sin(-0)", Sin(negZero), negZero},
		{"Sin(+Inf)", Sin(inf), nan},
		{"Sin(NaN)", Sin(nan), nan},
		{"Cos(0)", Cos(0), 1},
		{"Cos(-Inf)", Cos(-inf), nan},
		{"Cos(NaN)", Cos(nan), nan},
		{"Tanh(-0)", Tanh(negZero), negZero},
		{"Tanh(+Inf)", Tanh(inf), 1},
		{"Tanh(-Inf)", Tanh(-inf), -1},
		{"Tanh(NaN)", Tanh(nan), nan},
		{"Pow(NaN, 0)", Pow(nan, 0), 1},
		{"Pow(1, NaN)", Pow(1, nan), 1},
		{"Pow(NaN, 1)", Pow(nan, 1), nan},
		{"Pow(2, NaN)", Pow(2, nan), nan},
		{"Pow(-2, 2)", Pow(-2, 2), nan},
		{"Pow(0, 2)", Pow(0, 2), 0},
		{"Pow(-0, 2)", Pow(negZero, 2), 0},
		{"Pow(0, -2)", Pow(0, -2), inf},
		{"Pow(+Inf, 2)", Pow(inf, 2), inf},
		{"Pow(+Inf, -2)", Pow(inf, -2), 0},
		{"Pow(0.5, +Inf)", Pow(0.5, inf), 0},
		{"Pow(0.5, -Inf)", Pow(0.5, -inf), inf},
		{"Pow(2, +Inf)", Pow(2, inf), inf},
		{"Pow(2, -Inf)", Pow(2, -inf), 0},
		{"Pow(0, +Inf)", Pow(0, inf), 0},
		{"Pow(+Inf, -Inf)", Pow(inf, -inf), 0},
		{"Pow(10, 308)", Pow(10, 308), 1e308},
		{"Pow(10, 309)", Pow(10, 309), inf},
		{"Pow(10, -400)", Pow(10, -400), 0},
		{"Pow(2, 1023)", Pow(2, 1023), 0x1p1023},
		{"Pow(2, 1024)", Pow(2, 1024), inf},
		{"Pow(2, -1074)", Pow(2, -1074), tiny},
		{"Pow(3, 5)", Pow(3, 5), 243},
		{"Pow(4, -0.5)", Pow(4, -0.5), 0.5},
		{"Pow(1+eps, max)", Pow(math.Nextafter(1, 2), math.MaxFloat64), inf},
		{"LogAddExp(-Inf, -Inf)", LogAddExp(-inf, -inf), -inf},
		{"LogAddExp(-Inf, 3)", LogAddExp(-inf, 3), 3},
		{"LogAddExp(3, -Inf)", LogAddExp(3, -inf), 3},
		{"LogAddExp(+Inf, 3)", LogAddExp(inf, 3), inf},
		{"LogAddExp(+Inf, +Inf)", LogAddExp(inf, inf), inf},
		{"LogAddExp(+Inf, -Inf)", LogAddExp(inf, -inf), inf},
		{"LogAddExp(NaN, -Inf)", LogAddExp(nan, -inf), nan},
		{"LogAddExp(1e4, 1e4)", LogAddExp(1e4, 1e4), 1e4 + math.Ln2},
	}
	for _, tt := range tests {
		if math.Float64bits(tt.got) != math.Float64bits(tt.want) {
			t.Errorf("%s = %v (%#x), want %v", tt.name, tt.got, math.Float64bits(tt.got), tt.want)
		}
	}
}

// TestLaws holds the functions to each other over the whole range.
func TestLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	near := func(a, b, tol float64) bool {
		return a == b || math.Abs(a-b) <= tol*max(math.Abs(a), math.Abs(b))
	}
	for range 5000 {
		x, y := (r.Float64()-0.5)*1200, (r.Float64()-0.5)*1200
		if Sin(-x) != -Sin(x) || Cos(-x) != Cos(x) || Tanh(-x) != -Tanh(x) {
			t.Fatalf("symmetry broken at %v", x)
		}
		if got := Log(Exp(x)); !near(got, x, 1e-15) && math.Abs(got-x) > 1e-15 {
			t.Fatalf("Log(Exp(%v)) = %v", x, got)
		}
		if got := Log1p(Expm1(x / 100)); !near(got, x/100, 1e-12) {
			t.Fatalf("Log1p(Expm1(%v)) = %v", x/100, got)
		}
		if a, b := LogAddExp(x, y), LogAddExp(y, x); a != b || a < max(x, y) || a > max(x, y)+math.Ln2 {
			t.Fatalf("LogAddExp(%v, %v) = %v, %v", x, y, a, b)
		}
		if up := math.Nextafter(x, math.Inf(1)); Exp(up) < Exp(x)*(1-0x1p-52) {
			t.Fatalf("Exp falls at %v", x)
		}
	}
}
