package bench

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{7}, 7}} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing is a number")
	}
}

// TestInterval has the textbook's example: the mean of 1..5 is 3 ± 1.963.
func TestInterval(t *testing.T) {
	var ratios []float64
	for i := 1; i <= 5; i++ {
		ratios = append(ratios, math.Exp(float64(i)))
	}
	mean, lo, hi := Interval(ratios)
	if math.Abs(math.Log(mean)-3) > 1e-12 || math.Abs(math.Log(lo)-1.037) > 1e-3 || math.Abs(math.Log(hi)-4.963) > 1e-3 {
		t.Errorf("%v in [%v, %v]", math.Log(mean), math.Log(lo), math.Log(hi))
	}
	if _, lo, hi := Interval([]float64{2}); lo != 0 || !math.IsInf(hi, 1) {
		t.Errorf("one ratio has the interval [%v, %v]", lo, hi)
	}
	if math.Abs(student(31)-2.040) > 0.01 || math.Abs(student(1000)-1.962) > 0.002 {
		t.Errorf("t of 31: %v, of 1000: %v", student(31), student(1000))
	}
}
