package train

import (
	"math"
	"testing"
)

// TestMetrics counts a table small enough to check by hand.
func TestMetrics(t *testing.T) {
	ta := tally{3, make([]float64, tallySize(3))}
	for _, row := range []struct {
		probs []float64
		label int32
	}{
		{[]float64{0.8, 0.1, 0.1}, 0}, // hit
		{[]float64{0.6, 0.3, 0.1}, 0}, // hit
		{[]float64{0.3, 0.5, 0.2}, 0}, // taken for 1
		{[]float64{0.1, 0.9, 0.0}, 1}, // hit
	} {
		ta.count(row.probs, row.label)
	}
	m := ta.metrics()
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s %v, expected %v", name, got, want)
		}
	}
	near("accuracy", m.Accuracy, 0.75)
	near("balanced accuracy", m.BalancedAccuracy, (2.0/3+1)/2) // class 2 has no rows
	near("worst", m.WorstClassRecall, 2.0/3)
	near("macro F1", m.MacroF1, (2*2.0/(3+2)+2*1.0/(1+2))/2)
	near("log loss", m.LogLoss, -(math.Log(0.8)+math.Log(0.6)+math.Log(0.3)+math.Log(0.9))/4)
	// Each confidence is in a bin of its own: |conf - hit|.
	near("calibration error", m.ECE, (0.2+0.4+0.5+0.1)/4)
	if m.Rows != 4 {
		t.Errorf("%d rows, expected 4", m.Rows)
	}
}

// TestMetricsOfNothing: no rows give zeros, not NaN, which JSON cannot carry.
func TestMetricsOfNothing(t *testing.T) {
	m := tally{2, make([]float64, tallySize(2))}.metrics()
	for name, v := range map[string]float64{"accuracy": m.Accuracy, "balanced": m.BalancedAccuracy, "worst": m.WorstClassRecall, "f1": m.MacroF1, "ece": m.ECE} {
		if v != 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
}

// TestMetricsImpossibleRow: a probability of zero for the truth is a large
// loss, not an infinite one.
func TestMetricsImpossibleRow(t *testing.T) {
	ta := tally{2, make([]float64, tallySize(2))}
	ta.count([]float64{1, 0}, 1)
	if m := ta.metrics(); math.IsInf(m.LogLoss, 0) || m.LogLoss < 30 {
		t.Errorf("log loss %v", m.LogLoss)
	}
}

// TestMetricsNaN: a model that gives no probabilities misses every row.
func TestMetricsNaN(t *testing.T) {
	ta := tally{2, make([]float64, tallySize(2))}
	ta.count([]float64{math.NaN(), math.NaN()}, 0)
	if m := ta.metrics(); m.Accuracy != 0 || m.ECE != 0 || m.Rows != 1 || math.IsNaN(m.LogLoss) {
		t.Errorf("%+v", m)
	}
}

func TestSoftmaxExtremes(t *testing.T) {
	p := make([]float64, 3)
	softmax(p, []float32{1e4, -1e4, 1e4})
	if p[0] != 0.5 || p[1] != 0 || p[2] != 0.5 {
		t.Errorf("softmax of ±1e4: %v", p)
	}
}
