package metrics

import (
	"math"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
)

// distorted draws labels from softmax(a·z + s·log π): logits z that are too
// large by 1/a and know nothing of s·log π.
func distorted(n int, a, s float64, prior []float64) Scores {
	out := Scores{Classes: len(prior)}
	r := rng.New(9, rng.Glyph, 3)
	shift := Correction{Strength: s, Prior: prior}.Shift(nil)
	p := make([]float64, len(prior))
	for i := range n {
		var z []float32
		for k := range prior {
			z = append(z, float32(3*r.Norm(uint64(10*i+k))))
		}
		Softmax(p, z, a, shift)
		u, y := r.Float64(uint64(20*i+19)), 0
		for u > p[y] && y < len(p)-1 {
			u -= p[y]
			y++
		}
		out.Logits, out.Labels = append(out.Logits, z...), append(out.Labels, int32(y))
	}
	return out
}

// TestFitFinds the scale and the strength that the labels were drawn with, and
// so lowers both log-loss and calibration error.
func TestFitFinds(t *testing.T) {
	prior := []float64{0.8, 0.15, 0.05}
	s := distorted(20000, 0.5, 0.7, prior)
	c := Correction{Scale: 1, Prior: prior}.Fit(s)
	near(t, "scale", c.Scale, 0.5, 0.03)
	near(t, "strength", c.Strength, 0.7, 0.05)
	before, after := Calibrate(s, 1, nil), Calibrate(s, c.Scale, c.Shift(nil))
	if after.LogLoss >= before.LogLoss || after.ECE > before.ECE/3 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	// At the optimum the mean probability of the classes fits their frequency
	// in the direction of log π, and no step along an axis lowers the loss.
	for _, d := range [][2]float64{{1e-3, 0}, {-1e-3, 0}, {0, 1e-3}, {0, -1e-3}} {
		other := Correction{Scale: c.Scale + d[0], Strength: c.Strength + d[1], Prior: prior}
		if l := Calibrate(s, other.Scale, other.Shift(nil)); l.LogLoss < after.LogLoss-1e-6 {
			t.Errorf("moved by %v the loss is %v, at the optimum %v", d, l.LogLoss, after.LogLoss)
		}
	}
}

// TestFitSeparable: where every row is right the scale stays finite; without
// rows nothing is fitted.
func TestFitSeparable(t *testing.T) {
	start := Correction{Scale: 1, Strength: 1, Prior: []float64{0.5, 0.5}}
	c := start.Fit(Scores{2, []float32{1, -1, -1, 1, 2, -2}, []int32{0, 1, 0}})
	if !(c.Scale > 1 && c.Scale < 100) || c.Rows != 3 {
		t.Errorf("%+v", c)
	}
	near(t, "strength of balanced classes", c.Strength, 1, 1e-9) // log π is the same for all: the rows say nothing
	if c := start.Fit(Scores{Classes: 2}); c.Scale != 1 || c.Rows != 0 {
		t.Errorf("%+v", c)
	}
}

// TestShift: at the strength of the training loss, in a world of other
// frequencies, Bayes' rule.
func TestShift(t *testing.T) {
	c := Correction{Scale: 1, Strength: 1, Prior: []float64{0.9, 0.1}}
	p := make([]float64, 2)
	Softmax(p, []float32{0, 0}, 1, c.Shift(nil))
	near(t, "as in training", p[0], 0.9, 1e-15)
	Softmax(p, []float32{0, 0}, 1, c.Shift([]float64{0.5, 0.5}))
	near(t, "balanced", p[0], 0.5, 1e-15)
	if q := Prior([]float64{3, 0}); q[1] <= 0 || math.Abs(q[0]+q[1]-1) > 1e-15 {
		t.Errorf("prior %v", q)
	}
}

// TestChooseShift finds the threshold that a long tail asks for.
func TestChooseShift(t *testing.T) {
	prior := []float64{0.95, 0.05}
	s := distorted(4000, 1, 1, prior)
	for i := range s.Labels { // logits as plain training would give them
		s.Logits[2*i] += float32(math.Log(prior[0]))
		s.Logits[2*i+1] += float32(math.Log(prior[1]))
	}
	m, _ := Parse("balanced_accuracy")
	strength, shift := ChooseShift(s, Setup{}, prior, m)
	// Balanced accuracy is best if a row is positive where that is more
	// probable than for a row at large.
	var positive float64
	for _, y := range s.Labels {
		positive += float64(y) / float64(s.Len())
	}
	near(t, "strength", strength, -math.Log(positive/(1-positive))/math.Log(prior[1]/prior[0]), 0.16)
	plain, tuned := Of(s, Setup{}), Of(s, Setup{Shift: shift})
	if tuned.BalancedAccuracy < plain.BalancedAccuracy+0.015 {
		t.Errorf("balanced accuracy %v, then %v", plain.BalancedAccuracy, tuned.BalancedAccuracy)
	}
	if tuned.LogLoss != plain.LogLoss {
		t.Error("a decision changed a probability")
	}
	even := []float64{0.5, 0.5}
	if strength, shift := ChooseShift(s, Setup{}, even, m); strength != 0 || shift != nil {
		t.Errorf("balanced classes are shifted by %v", shift)
	}
}
