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

// MedianInterval returns the median of the values and the bounds of its 95 %
// confidence interval, by order statistics: whatever the distribution is, a few
// wild values do not move them. It wants ten values or more; for fewer, the
// bounds are the extremes, and say less than 95 %.
func MedianInterval(values []float64) (median, lo, hi float64) {
	s := slices.Sorted(slices.Values(values))
	n := float64(len(s))
	rank := max(1, int((n+1-1.96*math.Sqrt(n))/2)) // of the lower bound, from 1; the upper one as far from the end
	return Median(s), s[rank-1], s[len(s)-rank]
}
