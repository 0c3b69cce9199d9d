package metrics

import (
	"math"
	"slices"

	"github.com/ballast-ml/ballast/internal/rng"
)

// Interval is a range that holds a figure with some confidence.
type Interval struct {
	Low  Num `json:"low"`
	High Num `json:"high"`
}

// Bootstrap returns percentile intervals of all figures of the report of s:
// rows are drawn with replacement, as many as there are, samples times, and the
// middle part of what the figures come to is the interval. confidence is in
// (0, 1), as 0.95. Draws are those of the seed, the same on every machine.
// Samples that do not define a figure are left out of its interval.
func Bootstrap(s Scores, setup Setup, samples int, confidence float64, seed uint64) map[string]Interval {
	t := newTable(s, setup)
	values := map[string][]float64{}
	weight := make([]int32, s.Len())
	for b := range samples {
		draw(weight, seed, b)
		r := t.report(weight)
		for _, name := range []string{"accuracy", "balanced_accuracy", "worst_class_recall", "macro_f1", "log_loss", "ece", "corrected_log_loss", "corrected_ece"} {
			if v, ok := r.Value(name); ok {
				values[name] = append(values[name], v)
			}
		}
		for name, v := range r.Figures {
			values[name] = append(values[name], float64(v))
		}
	}
	out := map[string]Interval{}
	for name, v := range values {
		out[name] = middle(v, confidence)
	}
	return out
}

// draw sets weight to how often each row is drawn in sample b.
func draw(weight []int32, seed uint64, b int) {
	clear(weight)
	stream := rng.New(seed, rng.Bootstrap, uint64(b))
	for i := range weight {
		weight[stream.IntN(uint64(i), len(weight))]++
	}
}

// middle returns the range of the middle part of v.
func middle(v []float64, part float64) Interval {
	slices.Sort(v)
	tail := (1 - part) / 2
	return Interval{Num(Quantile(v, tail)), Num(Quantile(v, 1-tail))}
}

// Quantile returns the q-quantile of ascending numbers, between two of them by
// a straight line; NaN of none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := float64(q * float64(len(sorted)-1))
	i := min(int(at), len(sorted)-1)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}
