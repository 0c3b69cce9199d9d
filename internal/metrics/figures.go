package metrics

import "math"

// Classes with more training rows than manyShot are many-shot, with fewer than
// fewShot few-shot (Liu et al., "Large-Scale Long-Tailed Recognition in an Open
// World", CVPR 2019).
const (
	manyShot = 100
	fewShot  = 20
)

// counts are the rows of each class by truth, by decision, and hit. They are
// whole numbers, exact in a float64.
type counts struct{ truth, decided, hit []float64 }

// report computes the figures of the rows, each counted weight[i] times; nil is
// once.
func (t *table) report(weight []int32) Report {
	n := t.count(weight)
	r := Report{PerClassRecall: make([]float64, t.Classes), PerClassPrecision: make([]float64, t.Classes), WorstClassRecall: 1}
	var rows, hits, present, f1 float64
	for c := range t.Classes {
		rows += n.truth[c]
		hits += n.hit[c]
		if n.decided[c] > 0 {
			r.PerClassPrecision[c] = n.hit[c] / n.decided[c]
		}
		if n.truth[c] == 0 {
			continue
		}
		present++
		recall := n.hit[c] / n.truth[c]
		r.PerClassRecall[c] = recall
		r.BalancedAccuracy += recall
		r.WorstClassRecall = min(r.WorstClassRecall, recall)
		f1 += 2 * n.hit[c] / (n.truth[c] + n.decided[c])
	}
	r.Rows = int(rows)
	if rows == 0 {
		r.WorstClassRecall = 0
		return r
	}
	r.Accuracy = hits / rows
	r.BalancedAccuracy /= present
	r.MacroF1 = f1 / present
	trained := t.trained.calibration(weight, rows)
	r.LogLoss, r.ECE = trained.LogLoss, trained.ECE
	if t.corrected != nil {
		corrected := t.corrected.calibration(weight, rows)
		r.Corrected = &corrected
	}
	r.Figures = t.figures(r, n, weight)
	return r
}

func (t *table) count(weight []int32) counts {
	n := counts{make([]float64, t.Classes), make([]float64, t.Classes), make([]float64, t.Classes)}
	for i, label := range t.Labels {
		w := times(weight, i)
		n.truth[label] += w
		n.decided[t.decided[i]] += w
		if t.decided[i] == label {
			n.hit[label] += w
		}
	}
	return n
}

func times(weight []int32, i int) float64 {
	if weight == nil {
		return 1
	}
	return float64(weight[i])
}

// figures computes those that the setup asks for, as far as the rows define
// them. What the fixed part of the report has is not repeated.
func (t *table) figures(r Report, n counts, weight []int32) map[string]Num {
	wanted := t.setup.Figures
	if wanted == nil {
		for _, name := range Names() {
			wanted = append(wanted, Metric{Name: name, kind: name})
		}
		wanted = append(wanted, t.setup.Extra...)
	}
	out := map[string]Num{}
	for _, m := range wanted {
		if _, fixed := r.Value(m.Name); fixed {
			continue
		}
		if v, ok := t.figure(m, r, n, weight); ok && v == v {
			out[m.Name] = Num(v)
		}
	}
	return out
}

// figure computes one figure; ok is false if the setup does not have what it
// is about.
func (t *table) figure(m Metric, r Report, n counts, weight []int32) (v float64, ok bool) {
	switch m.kind {
	case "auroc":
		return t.overClasses(n, func(r *Ranking) float64 { return r.AUROC(weight) }), true
	case "auprc":
		return t.overClasses(n, func(r *Ranking) float64 { return r.AveragePrecision(weight) }), true
	case "recall@precision":
		return t.ranking(t.setup.Positive).RecallAtPrecision(weight, m.at), true
	case "recall@fpr":
		return t.ranking(t.setup.Positive).RecallAtFPR(weight, m.at), true
	case "recall@top", "precision@top":
		precision, recall := t.ranking(t.setup.Positive).AtTop(weight, topRows(m.at, r.Rows))
		if m.kind == "recall@top" {
			return recall, true
		}
		return precision, true
	case "worst_class_precision":
		return worstPrecision(r, n), true
	case "many_shot", "medium_shot", "few_shot":
		return t.shots(m.kind, r, n), t.setup.TrainCounts != nil
	case "worst_group":
		worst, _ := t.groups(weight)
		return worst, t.setup.Groups != nil
	case "group_spread":
		worst, best := t.groups(weight)
		return best - worst, t.setup.Groups != nil
	case "cost":
		return t.cost(n, float64(r.Rows)), t.setup.Cost != nil
	}
	return 0, false
}

// topRows reads a number of rows, or below 1 a part of them, at least one row.
func topRows(at float64, rows int) float64 {
	if at < 1 {
		return max(1, math.Floor(float64(at*float64(rows))))
	}
	return math.Floor(at)
}

// overClasses is a figure of the positive class, or of more than two classes
// the mean over those that have rows and are not alone.
func (t *table) overClasses(n counts, figure func(*Ranking) float64) float64 {
	if t.Classes == 2 {
		return figure(t.ranking(t.setup.Positive))
	}
	var sum, defined float64
	for c := range t.Classes {
		if n.truth[c] == 0 {
			continue
		}
		if v := figure(t.ranking(c)); v == v {
			sum += v
			defined++
		}
	}
	return sum / defined
}

// worstPrecision is the least precision of a class with rows.
func worstPrecision(r Report, n counts) float64 {
	worst := 1.0
	for c, p := range r.PerClassPrecision {
		if n.truth[c] > 0 {
			worst = min(worst, p)
		}
	}
	return worst
}

// shots is the mean recall of the classes with many, medium or few training
// rows; NaN if there is none.
func (t *table) shots(kind string, r Report, n counts) float64 {
	var sum, classes float64
	for c, trained := range t.setup.TrainCounts {
		is := "medium_shot"
		switch {
		case trained > manyShot:
			is = "many_shot"
		case trained < fewShot:
			is = "few_shot"
		}
		if is == kind && n.truth[c] > 0 {
			sum += r.PerClassRecall[c]
			classes++
		}
	}
	return sum / classes
}

// groups are the least and the largest accuracy of a group with rows; NaN
// without one.
func (t *table) groups(weight []int32) (worst, best float64) {
	worst, best = math.NaN(), math.NaN()
	for _, group := range t.setup.Groups {
		var rows, hits float64
		for _, i := range group {
			w := times(weight, int(i))
			rows += w
			if t.decided[i] == t.Labels[i] {
				hits += w
			}
		}
		if rows > 0 && !(hits/rows >= worst) {
			worst = hits / rows
		}
		if rows > 0 && !(hits/rows <= best) {
			best = hits / rows
		}
	}
	return worst, best
}

// cost is the mean cost of a row's decision.
func (t *table) cost(n counts, rows float64) float64 {
	if t.setup.Cost == nil {
		return math.NaN()
	}
	p := t.setup.Positive
	missed, alarms := n.truth[p]-n.hit[p], n.decided[p]-n.hit[p]
	return (float64(missed*t.setup.Cost.FN) + float64(alarms*t.setup.Cost.FP)) / rows
}
