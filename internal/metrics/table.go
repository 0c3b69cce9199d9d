package metrics

import (
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// eceBins is the number of equal-width confidence bins of the expected
// calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015; 15 is the usual
// choice since Guo et al., ICML 2017).
const eceBins = 15

// leastProbability is the floor of the log-loss: a probability of zero is a
// loss without bound, and 1e-15 is the customary floor (scikit-learn's).
const leastProbability = 1e-15

// table is what figures are made from: for each row what was decided, how sure
// the model was and what its loss is. Figures of resampled rows need no second
// pass over the logits.
type table struct {
	Scores
	setup     Setup
	decided   []int32
	trained   confidences      // of softmax(logits)
	corrected *confidences     // as the setup corrects them; nil: not at all
	rankings  map[int]*Ranking // by class, made when asked for
}

func newTable(s Scores, setup Setup) *table {
	s.check()
	t := &table{
		Scores: s, setup: setup, rankings: map[int]*Ranking{},
		decided: make([]int32, s.Len()), trained: confidencesOf(s, 1, nil),
	}
	if c := setup.Corrected; c != nil {
		corrected := confidencesOf(s, c.Scale, c.Shift)
		t.corrected = &corrected
	}
	for i, label := range s.Labels {
		t.decided[i] = int32(Decide(s.Row(i), setup.Shift))
		if t.decided[i] < 0 { // decides nothing: a miss
			t.decided[i] = (label + 1) % int32(s.Classes)
		}
	}
	return t
}

// confidences are what is known of the probabilities of some rows.
type confidences struct {
	sure []float64 // probability of the most probable class
	hit  []bool    // whether that class is the true one
	loss []float64
}

// confidencesOf are those of softmax(scale·z + shift).
func confidencesOf(s Scores, scale float64, shift []float64) confidences {
	c := confidences{make([]float64, s.Len()), make([]bool, s.Len()), make([]float64, s.Len())}
	probs := make([]float64, s.Classes)
	for i, label := range s.Labels {
		c.sure[i], c.hit[i], c.loss[i] = confidence(probs, s.Row(i), label, scale, shift)
	}
	return c
}

// calibration counts row i weight[i] times, which makes so many rows.
func (c *confidences) calibration(weight []int32, rows float64) Calibration {
	var bins calibrationBins
	var loss float64
	for i, l := range c.loss {
		w := times(weight, i)
		loss += float64(w * l)
		bins.add(c.sure[i], c.hit[i], w)
	}
	return Calibration{LogLoss: loss / rows, ECE: bins.error(rows)}
}

// confidence returns the probability of the most probable class, whether it is
// the true one, and the loss. A row without probabilities is a miss without
// confidence, at the floor of the loss. probs is scratch memory.
func confidence(probs []float64, z []float32, label int32, scale float64, shift []float64) (sure float64, hit bool, loss float64) {
	Softmax(probs, z, scale, shift)
	if probs[0] != probs[0] {
		return 0, false, -detmath.Log(leastProbability)
	}
	best := 0
	for k, p := range probs {
		if p > probs[best] {
			best = k
		}
	}
	return probs[best], best == int(label), -detmath.Log(max(probs[label], leastProbability))
}

// Calibrate returns log-loss and calibration error of the probabilities
// softmax(scale·z + shift).
func Calibrate(s Scores, scale float64, shift []float64) Calibration {
	s.check()
	c := confidencesOf(s, scale, shift)
	return c.calibration(nil, float64(max(s.Len(), 1)))
}

// calibrationBins sums confidence and hits by confidence.
type calibrationBins [eceBins]struct{ sure, hits float64 }

func (b *calibrationBins) add(sure float64, hit bool, w float64) {
	bin := &b[min(int(sure*eceBins), eceBins-1)]
	bin.sure += float64(w * sure)
	if hit {
		bin.hits += w
	}
}

func (b *calibrationBins) error(rows float64) float64 {
	var e float64
	for _, bin := range b {
		e += math.Abs(bin.sure-bin.hits) / rows
	}
	return e
}

// confusion counts rows by truth and decision.
func (t *table) confusion() [][]int {
	m := make([][]int, t.Classes)
	cells := make([]int, t.Classes*t.Classes)
	for c := range m {
		m[c] = cells[c*t.Classes : (c+1)*t.Classes]
	}
	for i, label := range t.Labels {
		m[label][t.decided[i]]++
	}
	return m
}

// ranking orders the rows by the odds of class k.
func (t *table) ranking(k int) *Ranking {
	if r := t.rankings[k]; r != nil {
		return r
	}
	scores, positive := make([]float64, t.Len()), make([]bool, t.Len())
	for i, label := range t.Labels {
		scores[i], positive[i] = logOdds(t.Row(i), k), int(label) == k
	}
	t.rankings[k] = Rank(scores, positive)
	return t.rankings[k]
}
