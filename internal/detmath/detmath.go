// Package detmath is a placeholder for the deterministic elementary functions.
package detmath

import "math"

// Exp returns e**x.
func Exp(x float64) float64 { return math.Exp(x) }

// Log returns the natural logarithm of x.
func Log(x float64) float64 { return math.Log(x) }

// Log1p returns log(1+x).
func Log1p(x float64) float64 { return math.Log1p(x) }

// Expm1 returns e**x - 1.
func Expm1(x float64) float64 { return math.Expm1(x) }

// Sin returns the sine of x radians.
func Sin(x float64) float64 { return math.Sin(x) }

// Cos returns the cosine of x radians.
func Cos(x float64) float64 { return math.Cos(x) }

// Pow returns x**y for x >= 0.
func Pow(x, y float64) float64 { return math.Pow(x, y) }

// LogAddExp returns log(e**a + e**b).
func LogAddExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
