package metrics

import (
	"iter"
	"maps"
	"math"
	"slices"
)

// Report holds the figures of some rows, each counted exactly once.
type Report struct {
	Rows             int     `json:"rows"`
	Accuracy         float64 `json:"accuracy"`
	BalancedAccuracy float64 `json:"balanced_accuracy"` // mean recall over classes with rows
	WorstClassRecall float64 `json:"worst_class_recall"`
	MacroF1          float64 `json:"macro_f1"`
	// LogLoss and ECE (expected calibration error, 15 equal bins) are those of
	// softmax(logits), as the model was trained.
	LogLoss        float64   `json:"log_loss"`
	ECE            float64   `json:"ece"`
	PerClassRecall []float64 `json:"per_class_recall"`
	// PerClassPrecision of a class that was never decided for is 0.
	PerClassPrecision []float64 `json:"per_class_precision,omitempty"`
	// Figures are the others, by their names; those that the rows do not define
	// are left out.
	Figures map[string]Num `json:"figures,omitempty"`
	// Confusion counts rows by [truth][decision]. It is left out above
	// [MaxConfusion] classes.
	Confusion [][]int `json:"confusion,omitempty"`
	// Corrected describes the probabilities after correction; nil without one.
	Corrected *Calibration `json:"corrected,omitempty"`
	// Intervals are percentile bootstrap intervals, by the name of the figure;
	// nil unless asked for.
	Intervals map[string]Interval `json:"intervals,omitempty"`
}

// MaxConfusion is the largest number of classes whose confusion matrix is kept.
const MaxConfusion = 100

// Calibration says how far probabilities can be trusted.
type Calibration struct {
	LogLoss float64 `json:"log_loss"`
	ECE     float64 `json:"ece"`
}

// Softening makes the probabilities softmax(Scale·z + Shift).
type Softening struct {
	Scale float64
	Shift []float64
}

// Value returns a figure by its name, and whether the report has it.
func (r Report) Value(name string) (float64, bool) {
	switch name {
	case "accuracy":
		return r.Accuracy, true
	case "balanced_accuracy":
		return r.BalancedAccuracy, true
	case "worst_class_recall":
		return r.WorstClassRecall, true
	case "macro_f1":
		return r.MacroF1, true
	case "log_loss":
		return r.LogLoss, true
	case "ece":
		return r.ECE, true
	case "corrected_log_loss", "corrected_ece":
		if r.Corrected == nil {
			return 0, false
		}
		if name == "corrected_ece" {
			return r.Corrected.ECE, true
		}
		return r.Corrected.LogLoss, true
	}
	v, ok := r.Figures[name]
	return float64(v), ok
}

// Values goes through all figures that are one number, by their names: the
// fixed ones in their order, then the others in alphabetic order.
func (r Report) Values() iter.Seq2[string, float64] {
	names := []string{"accuracy", "balanced_accuracy", "worst_class_recall", "macro_f1", "log_loss", "ece",
		"corrected_log_loss", "corrected_ece"}
	names = append(names, slices.Sorted(maps.Keys(r.Figures))...)
	return func(yield func(string, float64) bool) {
		for _, name := range names {
			if v, ok := r.Value(name); ok && !yield(name, v) {
				return
			}
		}
	}
}

// Setup says what is to be measured, and how rows are decided.
type Setup struct {
	// TrainCounts are the training rows of each class: they tell many-, medium-
	// and few-shot classes apart. nil leaves those figures out.
	TrainCounts []int
	// Positive is the class that threshold figures and costs are about.
	Positive int
	// Shift moves the logits before they decide, one number for each class; nil
	// is none. Log-loss and calibration error do not feel it.
	Shift []float64
	// Groups are rows whose worst accuracy is the figure worst_group, and the
	// distance to the best of theirs group_spread.
	Groups [][]int32
	// Corrected is how probabilities are corrected; nil leaves their figures out.
	Corrected *Softening
	// Cost of wrong decisions; nil leaves the figure out.
	Cost *Cost
	// Figures to add to the fixed ones; nil are all that need no number and
	// those of Extra, with the confusion matrix.
	Figures []Metric
	Extra   []Metric
}

// RarestClass returns the class with the fewest training rows, the first of
// equal ones: the positive class if nobody says which one is.
func RarestClass(counts []int) int {
	rarest := 0
	for c, n := range counts {
		if n < counts[rarest] {
			rarest = c
		}
	}
	return rarest
}

// Of returns the report of all rows. It panics if the scores do not fit
// together.
func Of(s Scores, setup Setup) Report {
	t := newTable(s, setup)
	r := t.report(nil)
	if setup.Figures == nil && s.Classes <= MaxConfusion {
		r.Confusion = t.confusion()
	}
	return r
}

// value returns a metric of the report; NaN if it has none.
func (r Report) value(m Metric) float64 {
	if v, ok := r.Value(m.Name); ok {
		return v
	}
	return math.NaN()
}
