package detmath

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// ulps returns |got-want| in units in the last place of want.
func ulps(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	if w == 0 || math.IsInf(w, 0) {
		if got == w {
			return 0
		}
		return math.Inf(1)
	}
	ulp := math.Nextafter(math.Abs(w), math.Inf(1)) - math.Abs(w)
	if math.IsInf(ulp, 0) {
		ulp = 0x1p971
	}
	d := new(big.Float).SetPrec(prec).Sub(new(big.Float).SetPrec(prec).SetFloat64(got), want)
	d.Quo(d, new(big.Float).SetFloat64(ulp))
	f, _ := d.Float64()
	return math.Abs(f)
}

func span(lo, hi float64) func(*rand.Rand) float64 {
	return func(s *rand.Rand) float64 { return lo + float64((hi-lo)*s.Float64()) }
}

func decades(lo, hi, sign float64) func(*rand.Rand) float64 {
	return func(s *rand.Rand) float64 {
		return float64(sign * Pow(10, lo+float64((hi-lo)*s.Float64())))
	}
}

func TestAccuracy(t *testing.T) {
	tests := []struct {
		name string
		f    func(float64) float64
		want func(float64) *big.Float
		draw func(*rand.Rand) float64
		tol  float64
	}{
		{"Exp/wide", Exp, bigExp, span(-707, 709.7), 1},
		{"Exp/narrow", Exp, bigExp, span(-2, 2), 1},
		{"Exp/small", Exp, bigExp, decades(-20, 0, 1), 1},
		{"Exp/subnormal", Exp, bigExp, span(-745, -708), 1.6},
		{"Expm1/wide", Expm1, bigExpm1, span(-40, 709), 1},
		{"Expm1/narrow", Expm1, bigExpm1, span(-2, 2), 1},
		{"Expm1/small", Expm1, bigExpm1, decades(-20, 0, -1), 1},
		{"Log/wide", Log, bigLog, decades(-307, 308, 1), 1},
		{"Log/near one", Log, bigLog, span(0.5, 2), 1},
		{"Log/subnormal", Log, bigLog, decades(-323, -308, 1), 1},
		{"Log1p/wide", Log1p, bigLog1p, decades(-20, 300, 1), 1},
		{"Log1p/narrow", Log1p, bigLog1p, span(-0.99, 3), 1},
		{"Log1p/small", Log1p, bigLog1p, decades(-20, -0.01, -1), 1},
		{"Sin/turn", Sin, bigSin, span(-7, 7), 1.6},
		{"Sin/wide", Sin, bigSin, span(-1e6, 1e6), 1.6},
		{"Cos/turn", Cos, bigCos, span(-7, 7), 1.6},
		{"Cos/wide", Cos, bigCos, span(-1e6, 1e6), 1.6},
		{"Tanh/wide", Tanh, bigTanh, span(-25, 25), 2},
		{"Tanh/narrow", Tanh, bigTanh, span(-1.2, 1.2), 2},
		{"Tanh/small", Tanh, bigTanh, decades(-20, 0, 1), 2},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := rand.New(rand.NewPCG(7, uint64(i)))
			worst, at := 0.0, 0.0
			for range 200 {
				x := tt.draw(s)
				if u := ulps(tt.f(x), tt.want(x)); !(u <= worst) {
					worst, at = u, x
				}
			}
			if worst > tt.tol {
				t.Errorf("error %.3f ulp at %v, want at most %v", worst, at, tt.tol)
			}
			t.Logf("worst %.3f ulp at %v", worst, at)
		})
	}
}

func TestTrigHuge(t *testing.T) {
	s, draw := rand.New(rand.NewPCG(9, 1)), decades(9, 30, 1)
	for range 200 {
		x := draw(s)
		for name, got := range map[string]float64{"Sin": Sin(x), "Cos": Cos(x)} {
			want, _ := trigOf(x, name == "Cos").Float64()
			if !(math.Abs(got-want) <= 0x1p-52) {
				t.Errorf("%s(%v) = %v, want %v", name, x, got, want)
			}
		}
	}
}

func TestPowAccuracy(t *testing.T) {
	tests := []struct {
		name string
		x, y func(*rand.Rand) float64
	}{
		{"wide", decades(-10, 10, 1), span(-30, 30)},
		{"decay rate to a count", span(0.9, 1), span(1, 6000)},
		{"near one", span(0.9999, 1.0001), span(-7e6, 7e6)},
		{"root", decades(-300, 300, 1), span(-1, 1)},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := rand.New(rand.NewPCG(8, uint64(i)))
			worst := 0.0
			for range 150 {
				x, y := tt.x(s), tt.y(s)
				want := bigPow(x, y)
				if f, _ := want.Float64(); f < 0x1p-1021 || math.IsInf(f, 0) {
					continue
				}
				if u := ulps(Pow(x, y), want); !(u <= worst) {
					worst = u
					if u > 1 {
						t.Errorf("Pow(%v, %v): error %.3f ulp", x, y, u)
					}
				}
			}
			t.Logf("worst %.3f ulp", worst)
		})
	}
}
