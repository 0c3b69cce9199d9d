package bench

import (
	"math"
	"slices"
)

// Median returns the middle of the values; NaN if there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Interval returns the geometric mean of ratios and the bounds of its 95 %
// confidence interval, by Student's t on their logarithms. The bounds are
// infinitely far apart for fewer than two ratios.
func Interval(ratios []float64) (mean, lo, hi float64) {
	n := float64(len(ratios))
	sum, squares := 0.0, 0.0
	for _, r := range ratios {
		sum += math.Log(r)
	}
	m := sum / n
	for _, r := range ratios {
		d := math.Log(r) - m
		squares += float64(d * d)
	}
	if n < 2 {
		return math.Exp(m), 0, math.Inf(1)
	}
	half := student(len(ratios)-1) * math.Sqrt(squares/(n-1)/n)
	return math.Exp(m), math.Exp(m - half), math.Exp(m + half)
}

// student returns the 97.5 % quantile of Student's t.
func student(freedom int) float64 {
	table := []float64{12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
		2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042}
	if freedom > len(table) {
		return 1.96 + 2.5/float64(freedom) // within 0.3 %
	}
	return table[freedom-1]
}
