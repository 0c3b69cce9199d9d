package train

import (
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// eceBins is the number of equal-width confidence bins of the expected
// calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015; 15 is the usual
// choice since Guo et al., ICML 2017).
const eceBins = 15

// tally is what one pass over some rows counts. It is a flat record of float64
// so that shards can be gathered and added in shard order: the counts are
// integers, exact below 2^53, and the sums have a fixed order.
//
// Layout: confusion [truth][prediction], then the sum of the log-losses, then
// per bin (rows, sum of confidences, hits).
type tally struct {
	classes int
	record  []float64
}

func tallySize(classes int) int { return classes*classes + 1 + 3*eceBins }

// count adds one row with the given class probabilities. A model that has run
// away gives none (NaN): such a row is a miss without confidence, at the floor
// of the loss.
func (t tally) count(probs []float64, label int32) {
	best := 0
	for k, p := range probs {
		if math.IsNaN(p) {
			clear(probs)
			best = (int(label) + 1) % t.classes
			break
		}
		if p > probs[best] {
			best = k
		}
	}
	t.record[int(label)*t.classes+best]++
	rest := t.record[t.classes*t.classes:]
	// A probability of zero is a loss without bound; 1e-15 is the customary
	// floor (scikit-learn's).
	rest[0] += -detmath.Log(max(probs[label], 1e-15))
	bin := rest[1+3*min(int(probs[best]*eceBins), eceBins-1):]
	bin[0]++
	bin[1] += probs[best]
	if best == int(label) {
		bin[2]++
	}
}

// metrics turns the counts into the named figures. Classes without rows are
// left out of the means over classes.
func (t tally) metrics() Metrics {
	m := Metrics{PerClassRecall: make([]float64, t.classes), WorstClassRecall: 1}
	var hits, present, f1 float64
	predicted := make([]float64, t.classes)
	for truth := range t.classes {
		for guess := range t.classes {
			predicted[guess] += t.record[truth*t.classes+guess]
		}
	}
	var rows float64
	for c := range t.classes {
		var of float64
		for guess := range t.classes {
			of += t.record[c*t.classes+guess]
		}
		hit := t.record[c*t.classes+c]
		rows += of
		hits += hit
		if of == 0 {
			continue
		}
		present++
		recall := hit / of
		m.PerClassRecall[c] = recall
		m.BalancedAccuracy += recall
		m.WorstClassRecall = min(m.WorstClassRecall, recall)
		f1 += 2 * hit / (of + predicted[c])
	}
	m.Rows = int(rows)
	if rows == 0 {
		m.WorstClassRecall = 0
		return m
	}
	m.Accuracy = hits / rows
	m.BalancedAccuracy /= present
	m.MacroF1 = f1 / present
	rest := t.record[t.classes*t.classes:]
	m.LogLoss = rest[0] / rows
	for b := range eceBins {
		bin := rest[1+3*b:]
		m.ECE += math.Abs(bin[1]-bin[2]) / rows
	}
	return m
}
