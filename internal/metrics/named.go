package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/spell"
)

// Metric is a figure by its name, as people choose it.
type Metric struct {
	// Name is one of [Names], or one of [Patterns] with its number.
	Name string
	// Lower says that less is better.
	Lower bool

	kind string  // the name without its number
	at   float64 // the number behind the '='
}

// plain are the names without a number; true where less is better.
var plain = map[string]bool{
	"accuracy": false, "balanced_accuracy": false, "macro_f1": false, "worst_class_recall": false,
	"worst_class_precision": false, "worst_group": false, "group_spread": true,
	"many_shot": false, "medium_shot": false, "few_shot": false,
	"auroc": false, "auprc": false,
	"log_loss": true, "ece": true, "cost": true,
}

// numbered are the names with a number, and what the number is.
var numbered = map[string]struct {
	what string
	ok   func(x float64) bool
}{
	"recall@precision": {"a precision in (0, 1]", func(x float64) bool { return x > 0 && x <= 1 }},
	"recall@fpr":       {"a false-positive rate in [0, 1)", func(x float64) bool { return x >= 0 && x < 1 }},
	"recall@top":       {"a number of rows, or below 1 a part of them", func(x float64) bool { return x > 0 }},
	"precision@top":    {"a number of rows, or below 1 a part of them", func(x float64) bool { return x > 0 }},
}

// Names returns the names that take no number, in order.
func Names() []string {
	var names []string
	for name := range plain {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Patterns returns the names that take a number, as in recall@precision=0.9.
func Patterns() []string {
	var names []string
	for name := range numbered {
		names = append(names, name+"=X")
	}
	slices.Sort(names)
	return names
}

// Parse reads the name of a metric.
func Parse(name string) (Metric, error) {
	if lower, ok := plain[name]; ok {
		return Metric{Name: name, Lower: lower, kind: name}, nil
	}
	kind, number, _ := strings.Cut(name, "=")
	if n, ok := numbered[kind]; ok {
		at, err := strconv.ParseFloat(number, 64)
		if err != nil || !n.ok(at) {
			return Metric{}, fmt.Errorf("%s=%s: want %s", kind, number, n.what)
		}
		return Metric{Name: name, kind: kind, at: at}, nil
	}
	hint := ""
	if near := spell.Nearest(name, Names()); near != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return Metric{}, fmt.Errorf("no metric %q%s: want %s, %s", name, hint, strings.Join(Names(), ", "), strings.Join(Patterns(), ", "))
}

// Better reports whether a is better than b. NaN is better than nothing, and
// anything is better than NaN.
func (m Metric) Better(a, b float64) bool {
	if a != a || b != b {
		return a == a && b != b
	}
	if m.Lower {
		return a < b
	}
	return a > b
}

// Cost is what wrong decisions about the positive class cost. A row of another
// class that is taken for a third one costs nothing.
type Cost struct {
	// FN is the cost of a positive row that was decided for another class.
	FN float64 `json:"fn"`
	// FP is the cost of another row that was decided for the positive class.
	FP float64 `json:"fp"`
}

// ParseCost reads FN=50,FP=1. What is left out costs 1.
func ParseCost(text string) (Cost, error) {
	c := Cost{1, 1}
	for word := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(word, "=")
		x, err := strconv.ParseFloat(number, 64)
		field := map[string]*float64{"FN": &c.FN, "FP": &c.FP}[strings.ToUpper(strings.TrimSpace(name))]
		if field == nil || err != nil || !(x >= 0) || x > 1e300 {
			return c, fmt.Errorf("cost %q: want FN=COST,FP=COST with costs of at least 0, as in FN=50,FP=1", text)
		}
		*field = x
	}
	return c, nil
}

// Grouped reports whether the figure compares groups of rows.
func (m Metric) Grouped() bool { return m.kind == "worst_group" || m.kind == "group_spread" }

// Decides reports whether the figure depends on what is decided, not on scores
// alone.
func (m Metric) Decides() bool {
	switch m.kind {
	case "auroc", "auprc", "log_loss", "ece":
		return false
	}
	_, ranks := numbered[m.kind]
	return !ranks
}
