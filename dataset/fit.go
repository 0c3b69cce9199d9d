package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// Limits of what becomes a category of its own.
const (
	rareRows      = 5    // a text on fewer training rows is rare
	maxCategories = 1000 // of one column; the most frequent stay
)

// fit says what a model is to see of the columns, by the training rows alone.
// Columns that say nothing there are left out, with a warning.
func (t *table) fit(rows []int32, s *Spec) (features []Feature, warnings []string, err error) {
	var categories, texts []Feature
	for _, at := range t.features {
		c := &t.frame.Columns[at]
		f := Feature{Name: c.Name, Index: at}
		said := ""
		if c.Kind == frame.Free {
			said = t.fitText(&f, rows, s.TextBuckets)
		} else if c.Kind == frame.Text {
			said = t.fitCategories(&f, rows)
		} else if said, err = t.fitNumber(&f, rows, s.Scale); err != nil {
			return nil, nil, err
		}
		switch {
		case said != "":
			warnings = append(warnings, fmt.Sprintf("%s: left out: %s", f.describe(), said))
		case f.IsText():
			texts = append(texts, f)
		case f.IsCategory():
			categories = append(categories, f)
		default:
			features = append(features, f)
		}
	}
	features = slices.Concat(features, categories, texts)
	if len(features) == 0 {
		return nil, nil, fmt.Errorf("%s: no column is left to learn from: %v", t.frame.Path, warnings)
	}
	return features, warnings, nil
}

// fitNumber fits a column of numbers. What it returns is empty, or says why the
// column is of no use.
func (t *table) fitNumber(f *Feature, rows []int32, scale string) (useless string, err error) {
	values := make([]float64, 0, len(rows))
	for _, row := range rows {
		if x := t.frame.Row(int(row))[f.Index]; !math.IsNaN(x) {
			values = append(values, x)
		}
	}
	f.Missing = len(values) < len(rows)
	switch {
	case len(values) == 0:
		return "all its values are missing in the training rows", nil
	case !f.Missing && !slices.ContainsFunc(values, func(x float64) bool { return x != values[0] }):
		return fmt.Sprintf("it is %v on all training rows", values[0]), nil
	case scale == ScaleNone:
		f.Mean, f.Std = 0, 1
	case scale == ScaleQuantile:
		f.Quantiles = quantiles(values)
	default:
		f.Mean, f.Std = moments(values)
	}
	if !finite(f.Mean) || !finite(f.Std) {
		return "", fmt.Errorf("%s: %s: its values are too large to be standardised; expected a spread below 1e150", t.frame.Path, f.describe())
	}
	return "", nil
}

// moments returns the mean and the standard deviation (divided by n): two
// passes in float64, values in order.
func moments(values []float64) (mean, std float64) {
	n := float64(len(values))
	constant := true
	for _, x := range values {
		mean += x
		constant = constant && x == values[0]
	}
	if constant { // exactly: the mean would be rounded
		return values[0], 1
	}
	mean /= n
	for _, x := range values {
		d := x - mean
		std += float64(d * d)
	}
	if std = math.Sqrt(std / n); std == 0 { // differences too small to square
		std = 1
	}
	return mean, std
}

// fitCategories fits a column of text. What it returns is empty, or says why
// the column is of no use.
func (t *table) fitCategories(f *Feature, rows []int32) (useless string) {
	c := &t.frame.Columns[f.Index]
	if c.Many {
		return fmt.Sprintf("more than %d different texts (--text %s reads the words in them)", frame.MaxTexts, f.word())
	}
	n := make([]int, len(c.Texts))
	present, distinct := 0, 0
	for _, row := range rows {
		x := t.frame.Row(int(row))[f.Index]
		if math.IsNaN(x) {
			continue
		}
		present++
		if n[int(x)]++; n[int(x)] == 1 {
			distinct++
		}
	}
	f.Missing = present < len(rows)
	switch {
	case present == 0:
		return "all its cells are missing in the training rows"
	case distinct == 1 && !f.Missing:
		return fmt.Sprintf("it is %q on all training rows", c.Texts[slices.IndexFunc(n, func(n int) bool { return n > 0 })])
	case distinct > 50 && 2*distinct > present:
		return fmt.Sprintf("%d different texts on %d training rows, which looks like names or keys (--text %s reads the words in them)", distinct, present, f.word())
	}
	var kept []int
	for k := range n {
		if n[k] >= rareRows {
			kept = append(kept, k)
		}
	}
	if len(kept) > maxCategories {
		slices.SortFunc(kept, func(a, b int) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(c.Texts[a], c.Texts[b])) })
		kept = kept[:maxCategories]
	}
	f.Rare = len(kept) < distinct
	for _, k := range kept {
		f.Categories = append(f.Categories, c.Texts[k])
	}
	slices.Sort(f.Categories)
	return ""
}
