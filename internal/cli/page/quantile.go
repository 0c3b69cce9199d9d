package page

import "math"

const (
	leastTime = 1e-8 // seconds; what is less counts as that
	timeRatio = 1.01 // between neighbouring bins: times are told to half a percent
	timeBins  = 3400 // up to more than ten days
)

// times counts times in bins whose widths grow with them, so that quantiles of
// any number of them need the same memory.
type times struct {
	bins [timeBins]int
	n    int
	sum  float64
}

func (t *times) add(seconds float64) {
	bin := 0
	if seconds > leastTime {
		bin = min(timeBins-1, int(math.Log(seconds/leastTime)/math.Log(timeRatio)))
	}
	t.bins[bin]++
	t.n++
	t.sum += seconds
}

// quantile returns the time below which a share q of all lies.
func (t *times) quantile(q float64) float64 {
	left := int(math.Ceil(q * float64(t.n)))
	for bin, n := range t.bins {
		if left -= n; left <= 0 && n > 0 {
			if bin == 0 {
				return 0
			}
			return leastTime * math.Pow(timeRatio, float64(bin)+0.5)
		}
	}
	return math.NaN()
}
