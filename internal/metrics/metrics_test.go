package metrics

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
)

// logs returns logits with exactly these probabilities.
func logs(rows ...[]float64) (z []float32) {
	for _, row := range rows {
		for _, p := range row {
			z = append(z, float32(math.Log(p)))
		}
	}
	return z
}

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) && !(got != got && want != want) {
		t.Errorf("%s: %v, expected %v", name, got, want)
	}
}

// TestReport counts rows few enough to check by hand.
func TestReport(t *testing.T) {
	s := Scores{3, logs(
		[]float64{0.8, 0.1, 0.1}, // hit
		[]float64{0.6, 0.3, 0.1}, // hit
		[]float64{0.3, 0.5, 0.2}, // taken for 1
		[]float64{0.05, 0.9, 0.05},
	), []int32{0, 0, 0, 1}}
	r := Of(s, Setup{TrainCounts: []int{500, 50, 5}, Positive: 0, Cost: &Cost{FN: 50, FP: 1}, Groups: [][]int32{{0, 1}, {2, 3}, {}}})
	near(t, "accuracy", r.Accuracy, 0.75, 0)
	near(t, "balanced", r.BalancedAccuracy, (2.0/3+1)/2, 1e-15) // class 2 has no rows
	near(t, "worst", r.WorstClassRecall, 2.0/3, 0)
	near(t, "macro F1", r.MacroF1, (2*2.0/(3+2)+2*1.0/(1+2))/2, 1e-15)
	near(t, "log loss", r.LogLoss, -(math.Log(0.8)+math.Log(0.6)+math.Log(0.3)+math.Log(0.9))/4, 1e-6)
	// Each confidence is in a bin of its own: |confidence - hit|.
	near(t, "ece", r.ECE, (0.2+0.4+0.5+0.1)/4, 1e-6)
	for name, want := range map[string]float64{
		"worst_class_precision": 0.5, "many_shot": 2.0 / 3, "medium_shot": 1,
		"cost": 50.0 / 4, "worst_group": 0.5, "group_spread": 0.5,
	} {
		got, ok := r.Value(name)
		if !ok {
			t.Errorf("no %s", name)
		}
		near(t, name, got, want, 1e-15)
	}
	if want := [][]int{{2, 1, 0}, {0, 1, 0}, {0, 0, 0}}; len(r.Confusion) != 3 || !slices.Equal(r.Confusion[0], want[0]) || !slices.Equal(r.Confusion[1], want[1]) {
		t.Errorf("confusion %v, expected %v", r.Confusion, want)
	}
	if r.Rows != 4 {
		t.Errorf("%d rows", r.Rows)
	}
}

// TestNothing: no rows give zeros and NaN, and JSON can carry both.
func TestNothing(t *testing.T) {
	r := Of(Scores{Classes: 2}, Setup{})
	if r.Accuracy != 0 || r.WorstClassRecall != 0 || r.ECE != 0 || r.Rows != 0 {
		t.Errorf("%+v", r)
	}
	one := Of(Scores{2, []float32{1, 0}, []int32{0}}, Setup{})
	if v, ok := one.Value("auroc"); ok {
		t.Errorf("AUROC of one class is %v", v)
	}
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || back.Rows != 1 {
		t.Errorf("%s: %v", text, err)
	}
}

// TestImpossibleRow: a probability of zero for the truth is a large loss, not
// an infinite one; and no probabilities are a miss without confidence.
func TestImpossibleRow(t *testing.T) {
	if r := Of(Scores{2, []float32{2e4, -2e4}, []int32{1}}, Setup{}); math.IsInf(r.LogLoss, 0) || r.LogLoss < 30 {
		t.Errorf("log loss %v", r.LogLoss)
	}
	nan := float32(math.NaN())
	r := Of(Scores{2, []float32{nan, 1, 0, nan}, []int32{0, 1}}, Setup{})
	if r.Accuracy != 0 || r.ECE != 0 || r.Rows != 2 || math.IsNaN(r.LogLoss) {
		t.Errorf("%+v", r)
	}
}

func TestSoftmaxExtremes(t *testing.T) {
	p := make([]float64, 3)
	Softmax(p, []float32{1e4, -1e4, 1e4}, 1, nil)
	if p[0] != 0.5 || p[1] != 0 || p[2] != 0.5 {
		t.Errorf("softmax of ±1e4: %v", p)
	}
	Softmax(p, []float32{1, 2, 3}, 2, []float64{0.5, 0, -1})
	var sum float64
	for _, z := range []float64{2.5, 4, 5} {
		sum += math.Exp(z)
	}
	near(t, "scaled and shifted", p[1], math.Exp(4)/sum, 1e-15)
}

// draws makes rankings with many ties.
func draws(seed uint64, n int) (scores []float64, positive []bool) {
	r := rng.New(seed, rng.Glyph)
	for i := range n {
		scores = append(scores, float64(r.IntN(uint64(2*i), 7)))
		positive = append(positive, r.Float64(uint64(2*i+1)) < 0.3+0.05*scores[i])
	}
	return scores, positive
}

// TestRankingDumb compares with definitions that take each pair of rows.
func TestRankingDumb(t *testing.T) {
	for seed := range uint64(20) {
		scores, positive := draws(seed, 3+int(seed)*3)
		r := Rank(scores, positive)
		var pairs, wins, pos float64
		for i := range scores {
			for j := range scores {
				if positive[i] && !positive[j] {
					pairs++
					switch {
					case scores[i] > scores[j]:
						wins++
					case scores[i] == scores[j]:
						wins += 0.5
					}
				}
			}
			if positive[i] {
				pos++
			}
		}
		near(t, "AUROC", r.AUROC(nil), wins/pairs, 0)
		var area, last, atPrecision, atFPR float64
		for threshold := 6.0; threshold >= 0; threshold-- {
			var tp, rows float64
			for i, s := range scores {
				if s >= threshold {
					rows++
					if positive[i] {
						tp++
					}
				}
			}
			if rows == 0 {
				continue
			}
			area += (tp - last) / pos * tp / rows
			last = tp
			if tp/rows >= 0.6 {
				atPrecision = max(atPrecision, tp/pos)
			}
			if (rows-tp)/(float64(len(scores))-pos) <= 0.25 {
				atFPR = max(atFPR, tp/pos)
			}
		}
		if pos == 0 {
			area, atPrecision, atFPR = math.NaN(), math.NaN(), math.NaN()
		}
		near(t, "average precision", r.AveragePrecision(nil), area, 1e-12)
		near(t, "recall at precision", r.RecallAtPrecision(nil, 0.6), atPrecision, 1e-12)
		near(t, "recall at FPR", r.RecallAtFPR(nil, 0.25), atFPR, 1e-12)
	}
}

// TestRankingLaws: what is known of any scores.
func TestRankingLaws(t *testing.T) {
	scores, positive := draws(3, 60)
	r := Rank(scores, positive)
	moved, turned, other := slices.Clone(scores), slices.Clone(scores), slices.Clone(positive)
	for i := range scores {
		moved[i], turned[i], other[i] = math.Exp(scores[i]/3), -scores[i], !positive[i]
	}
	near(t, "a monotone map changes nothing", Rank(moved, positive).AUROC(nil), r.AUROC(nil), 0)
	near(t, "turned scores", Rank(turned, positive).AUROC(nil), 1-r.AUROC(nil), 1e-15)
	near(t, "turned scores and classes", Rank(turned, other).AUROC(nil), r.AUROC(nil), 1e-15)
	same := make([]float64, len(scores))
	near(t, "equal scores say nothing", Rank(same, positive).AUROC(nil), 0.5, 0)

	// A weight of 2 is the row twice.
	weight := make([]int32, len(scores))
	var twice []float64
	var twicePositive []bool
	for i := range scores {
		weight[i] = int32(i % 3)
		for range i % 3 {
			twice, twicePositive = append(twice, scores[i]), append(twicePositive, positive[i])
		}
	}
	double := Rank(twice, twicePositive)
	near(t, "weighted AUROC", r.AUROC(weight), double.AUROC(nil), 0)
	near(t, "weighted precision", r.AveragePrecision(weight), double.AveragePrecision(nil), 1e-15)
	p, q := r.AtTop(weight, 11)
	p2, q2 := double.AtTop(nil, 11)
	near(t, "weighted precision at the top", p, p2, 1e-15)
	near(t, "weighted recall at the top", q, q2, 1e-15)
}

// TestAtTop cuts a group of three rows, one of them positive, after one row.
func TestAtTop(t *testing.T) {
	r := Rank([]float64{9, 5, 5, 5, 1}, []bool{true, true, false, false, true})
	precision, recall := r.AtTop(nil, 2)
	near(t, "precision", precision, (1+1.0/3)/2, 1e-15)
	near(t, "recall", recall, (1+1.0/3)/3, 1e-15)
	if precision, recall = r.AtTop(nil, 99); precision != 0.6 || recall != 1 {
		t.Errorf("all rows: %v, %v", precision, recall)
	}
}

// TestLogOdds orders rows as the probability does, and where that is rounded.
func TestLogOdds(t *testing.T) {
	z := []float32{0.3, -1, 2}
	p := make([]float64, 3)
	Softmax(p, z, 1, nil)
	for k := range z {
		near(t, "log odds", logOdds(z, k), math.Log(p[k]/(1-p[k])), 1e-12)
	}
	if !(logOdds([]float32{60, 0, 0}, 0) < logOdds([]float32{70, 0, 0}, 0)) {
		t.Error("two saturated rows are tied")
	}
}

// TestPermutation: the order of the rows does not matter, but for the last bits
// of sums.
func TestPermutation(t *testing.T) {
	s, back := blobs(5, 90), Scores{Classes: 3}
	for i := s.Len() - 1; i >= 0; i-- {
		back.Logits, back.Labels = append(back.Logits, s.Row(i)...), append(back.Labels, s.Labels[i])
	}
	a, b := Of(s, Setup{}), Of(back, Setup{})
	for _, name := range Names() {
		x, ok := a.Value(name)
		y, _ := b.Value(name)
		if ok {
			near(t, name, x, y, 1e-12)
		}
	}
}

// blobs are rows of three classes whose logits are right on the whole.
func blobs(seed uint64, n int) Scores {
	s := Scores{Classes: 3}
	r := rng.New(seed, rng.Glyph, 2)
	for i := range n {
		y := int32(r.IntN(uint64(10*i+8), 3))
		s.Labels = append(s.Labels, y)
		for k := range 3 {
			z := r.Norm(uint64(5*i + k))
			if int32(k) == y {
				z++
			}
			s.Logits = append(s.Logits, float32(z))
		}
	}
	return s
}

// TestBootstrap: the same seed gives the same interval, it holds the figure,
// and has the width that theory says.
func TestBootstrap(t *testing.T) {
	s := blobs(1, 400)
	r := Of(s, Setup{})
	a, b := Bootstrap(s, Setup{}, 300, 0.95, 7), Bootstrap(s, Setup{}, 300, 0.95, 7)
	for name, i := range a {
		if math.Float64bits(float64(i.Low)) != math.Float64bits(float64(b[name].Low)) {
			t.Errorf("%s: %v, then %v", name, i, b[name])
		}
		v, ok := r.Value(name)
		if ok && v == v && name != "ece" && !(float64(i.Low) <= v && v <= float64(i.High)) {
			t.Errorf("%s: %v is not in %v", name, v, i)
		}
	}
	// The corrected probabilities have intervals of their own: with a correction
	// that changes nothing, the same ones.
	same := Bootstrap(s, Setup{Corrected: &Softening{Scale: 1}}, 50, 0.95, 7)
	soft := Bootstrap(s, Setup{Corrected: &Softening{Scale: 0.5, Shift: []float64{1, 0, 0}}}, 50, 0.95, 7)
	if same["corrected_ece"] != same["ece"] || same["corrected_log_loss"] != same["log_loss"] || soft["corrected_log_loss"] == soft["log_loss"] {
		t.Errorf("corrected: %v, then %v", same, soft)
	}
	if _, ok := a["corrected_ece"]; ok {
		t.Error("an interval of a correction that there is not")
	}
	width := float64(a["accuracy"].High - a["accuracy"].Low)
	near(t, "width", width, 2*1.96*math.Sqrt(r.Accuracy*(1-r.Accuracy)/400), 0.02)
}

func TestParse(t *testing.T) {
	for name, lower := range map[string]bool{"auroc": false, "ece": true, "recall@precision=0.9": false, "recall@top=100": false} {
		if m, err := Parse(name); err != nil || m.Lower != lower || m.Name != name {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for _, name := range []string{"", "aurco", "recall@precision", "recall@precision=0", "recall@fpr=1", "recall@top=x", "auroc=1"} {
		if m, err := Parse(name); err == nil {
			t.Errorf("%q is %+v", name, m)
		}
	}
	if c, err := ParseCost("FN=50, fp=2"); err != nil || c != (Cost{50, 2}) {
		t.Errorf("%v, %v", c, err)
	}
	for _, text := range []string{"", "FN", "FN=x", "TP=1", "FN=-1", "FN=NaN"} {
		if c, err := ParseCost(text); err == nil {
			t.Errorf("%q is %v", text, c)
		}
	}
}

// TestValues: all figures of one number, each once, under the name that finds
// it, in an order that is always the same.
func TestValues(t *testing.T) {
	r := Report{Accuracy: 0.5, BalancedAccuracy: 0.25, ECE: 0.125, PerClassRecall: []float64{1}, Figures: map[string]Num{"cost": 3, "auroc": 0.75}}
	var names []string
	for name, v := range r.Values() {
		if w, ok := r.Value(name); !ok || w != v {
			t.Errorf("%s is %v, and by its name %v", name, v, w)
		}
		names = append(names, name)
	}
	want := []string{"accuracy", "balanced_accuracy", "worst_class_recall", "macro_f1", "log_loss", "ece", "auroc", "cost"}
	if !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
	r.Corrected = &Calibration{LogLoss: 1, ECE: 2}
	for name, v := range r.Values() {
		if name == "corrected_ece" && v == 2 {
			return
		}
	}
	t.Error("no corrected_ece")
}
