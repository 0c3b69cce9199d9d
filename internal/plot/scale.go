package plot

import (
	"math"
	"strconv"
)

// Point is a place, of the data or of the picture.
type Point struct{ X, Y float64 }

// Scale leads from values to pixels.
type Scale struct {
	Low, High float64 // values
	From, To  float64 // their pixels
	Log       bool
}

// At returns the pixel of a value.
func (s Scale) At(v float64) float64 {
	low, high := s.Low, s.High
	if s.Log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if high == low {
		return (s.From + s.To) / 2
	}
	return s.From + (v-low)/(high-low)*(s.To-s.From)
}

// Ticks returns round values within the scale, about n of them.
func (s Scale) Ticks(n int) []float64 {
	if s.Log {
		if list := s.decades(); len(list) >= 2 {
			return list
		}
	}
	if !(s.High > s.Low) {
		return []float64{s.Low}
	}
	step := round((s.High - s.Low) / float64(n))
	var list []float64
	for k := math.Ceil(s.Low/step - 1e-9); k*step <= s.High+1e-9*step && len(list) <= 4*n; k++ {
		list = append(list, k*step+0) // which makes 0 of -0
	}
	return list
}

// decades returns powers of ten, with twice and five times them where there are
// few.
func (s Scale) decades() []float64 {
	first, last := math.Floor(math.Log10(s.Low)), math.Ceil(math.Log10(s.High))
	every := max(1, math.Ceil((last-first)/6))
	var list []float64
	for e := first; e <= last; e += every {
		for _, m := range []float64{1, 2, 5} {
			v, _ := strconv.ParseFloat(strconv.FormatFloat(m, 'f', 0, 64)+"e"+strconv.FormatFloat(e, 'f', 0, 64), 64)
			if (m == 1 || last-first <= 3) && v >= s.Low && v <= s.High {
				list = append(list, v)
			}
		}
	}
	return list
}

// round returns 1, 2 or 5 times a power of ten, at least v.
func round(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// Number writes a value for people: four digits that count, or all before the
// point.
func Number(v float64) string {
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e9 {
		v = math.Round(v)
		return digits(v, 10)
	}
	return digits(v, 4)
}

// labels are the texts of ticks: with as many digits as tell them apart.
func labels(ticks []float64) (list []string) {
	n, largest := 4, 0.0
	for _, v := range ticks {
		largest = max(largest, math.Abs(v))
	}
	if len(ticks) > 1 {
		n = max(n, min(15, 1+int(math.Ceil(math.Log10(largest/(ticks[1]-ticks[0]))))))
	}
	for _, v := range ticks {
		list = append(list, digits(v, n))
	}
	return list
}

// digits writes so many digits of a value, without zeros at its end.
func digits(v float64, n int) string {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e9 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// extent are the least and the largest of finite values.
type extent struct{ low, high float64 }

func nothing() extent { return extent{math.Inf(1), math.Inf(-1)} }

func (e *extent) add(values ...float64) {
	for _, v := range values {
		if finite(v) {
			e.low, e.high = min(e.low, v), max(e.high, v)
		}
	}
}

func (e extent) empty() bool { return e.low > e.high }

// widened leaves room around the values, and makes some of a single one.
func (e extent) widened() extent {
	margin := 0.04 * (e.high - e.low)
	if margin == 0 {
		margin = max(0.04*math.Abs(e.high), 1e-3)
	}
	return extent{e.low - margin, e.high + margin}
}
