package detmath

import "math"

// Tanh returns the hyperbolic tangent of x: ±0 for ±0, ±1 for ±Inf, NaN for NaN.
func Tanh(x float64) float64 {
	abs := math.Abs(x)
	var t float64
	switch {
	case math.IsNaN(x):
		return math.NaN()
	case abs < 1.0/(1<<28):
		return x
	case abs > 22: // 1 - tanh 22 is below half a unit in the last place of 1
		t = 1
	case abs >= 1:
		t = 1 - 2/(Expm1(2*abs)+2)
	default: // no cancellation near 0
		e := Expm1(-2 * abs)
		t = -e / (e + 2)
	}
	return math.Copysign(t, x)
}

// LogAddExp returns log(e**a + e**b) without overflow. -Inf stands for a
// missing term: LogAddExp(-Inf, b) is b, and of two -Inf it is -Inf.
func LogAddExp(a, b float64) float64 {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return math.NaN()
	case a < b:
		a, b = b, a
	}
	if math.IsInf(b, -1) || math.IsInf(a, 1) {
		return a
	}
	return a + Log1p(Exp(b-a))
}
