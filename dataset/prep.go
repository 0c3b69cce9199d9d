package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Prep says how rows become the input of a model. It is plain data: encoding
// it as JSON and back gives the same bits.
type Prep struct {
	Kind    Kind     `json:"kind"`
	Shape   []int    `json:"shape"`
	Classes []string `json:"classes"`
	// Target are the labels of class 0, if all others are class 1.
	Target []string `json:"target,omitempty"`
	// Label is the label column of a table: its name, or its index if the file
	// has no header.
	Label string `json:"label,omitempty"`
	// LabelIndex is its index from 0, by which it is found in a file that has
	// no header where the training file had one.
	LabelIndex int `json:"label_index,omitempty"`
	// Features are the columns of a table that a sample is made of, numbers
	// before categories and these before free text. Their values follow each other in this order.
	Features []Feature `json:"features,omitempty"`
}

// Feature is a column of a table and what a model sees of it. What it says of
// values comes from the training rows alone.
type Feature struct {
	Name  string `json:"name,omitempty"` // "" in a file without header
	Index int    `json:"index"`          // among all columns of the file

	// Mean and Std standardise a column of numbers: x becomes
	// float32((x - Mean)/Std). Std is the population's (divided by n), over the
	// values that are not missing. Both are 0 if Quantiles takes their place,
	// and Mean is 0 and Std is 1 if numbers are to stay as they are.
	Mean float64 `json:"mean,omitempty"`
	Std  float64 `json:"std,omitempty"`
	// Quantiles are the values at evenly spaced ranks from the smallest to the
	// largest; x becomes the normal deviate of its rank.
	Quantiles []float64 `json:"quantiles,omitempty"`

	// Categories are the texts that have a value of their own: 1 where the cell
	// is this text, else 0. Only columns of text have them.
	Categories []string `json:"categories,omitempty"`
	// Rare is one value more, for the texts that are none of the Categories.
	Rare bool `json:"rare,omitempty"`
	// Text is what is made of free text; nil for all other columns.
	Text *Bag `json:"text,omitempty"`
	// Missing is one value more: 1 where the cell is missing, else 0. A number
	// that is missing is 0 beside it.
	Missing bool `json:"missing,omitempty"`
}

// IsCategory reports whether f is a column of text: its values are 1 for the text
// of the cell, else 0.
func (f *Feature) IsCategory() bool { return f.Std == 0 && f.Quantiles == nil && f.Text == nil }

// IsText reports whether f is a column of free text, read as Bag says.
func (f *Feature) IsText() bool { return f.Text != nil }

// isNumber reports whether f is a column of numbers.
func (f *Feature) isNumber() bool { return !f.IsCategory() && !f.IsText() }

// Width returns the number of values of f in a sample. The first value of a
// number is the number, and a second one, if there is one, tells that it is
// missing.
func (f *Feature) Width() int {
	n := len(f.Categories)
	switch {
	case f.IsText():
		n = f.Text.Buckets
	case f.isNumber():
		n = 1
	}
	if f.Rare {
		n++
	}
	if f.Missing {
		n++
	}
	return n
}

// describe names f for a message.
func (f *Feature) describe() string {
	if f.Name == "" {
		return fmt.Sprintf("column index %d", f.Index)
	}
	return fmt.Sprintf("column index %d (%q)", f.Index, f.Name)
}

// word is how a flag names the column of f.
func (f *Feature) word() string { return cmp.Or(f.Name, strconv.Itoa(f.Index)) }

// Values names the values of a sample of a table, in order: a column of numbers
// by its name, the others by their name and what they stand for.
func (p *Prep) Values() []string {
	var names []string
	for i := range p.Features {
		f := &p.Features[i]
		name := f.Name
		if name == "" {
			name = fmt.Sprintf("column %d", f.Index)
		}
		if f.isNumber() {
			names = append(names, name)
		}
		if f.IsText() {
			for k := range f.Text.Buckets {
				names = append(names, fmt.Sprintf("%s bucket %d", name, k))
			}
		}
		for _, c := range f.Categories {
			names = append(names, name+"="+c)
		}
		if f.Rare {
			names = append(names, name+" rare")
		}
		if f.Missing {
			names = append(names, name+" missing")
		}
	}
	return names
}

// check reports whether p can be used in place of fitting, for a source of
// the given kind found at place; shape is that of its images.
func (p *Prep) check(place string, kind Kind, shape []int) error {
	if p.Kind != kind {
		return fmt.Errorf("%s: expected data of kind %q as in training, this is %q", place, p.Kind, kind)
	}
	if kind == Image && !slices.Equal(p.Shape, shape) {
		return fmt.Errorf("%s: expected samples of shape %v as in training, these are %v", place, p.Shape, shape)
	}
	if len(p.Classes) < 2 {
		return fmt.Errorf("stored preprocessing: expected at least 2 classes, it has %d", len(p.Classes))
	}
	if kind == Table {
		return p.checkFeatures()
	}
	return nil
}

// checkFeatures looks at what may have come from a damaged file.
func (p *Prep) checkFeatures() error {
	width, categories, texts := 0, false, false
	for i := range p.Features {
		f := &p.Features[i]
		width += f.Width()
		switch {
		case f.Index < 0:
			return fmt.Errorf("stored preprocessing: a feature of %s", f.describe())
		case !finite(f.Mean) || !finite(f.Std) || f.Std < 0:
			return fmt.Errorf("stored preprocessing: %s: expected a finite mean and a deviation above 0, it has %g and %g", f.describe(), f.Mean, f.Std)
		case f.Quantiles != nil && (len(f.Quantiles) < 2 || !slices.IsSorted(f.Quantiles) || slices.ContainsFunc(f.Quantiles, func(x float64) bool { return !finite(x) })):
			return fmt.Errorf("stored preprocessing: %s: expected quantiles in ascending order", f.describe())
		case !f.IsCategory() && (len(f.Categories) > 0 || f.Rare) || f.IsText() && (f.Std != 0 || f.Quantiles != nil):
			return fmt.Errorf("stored preprocessing: %s: of several kinds at once", f.describe())
		case f.isNumber() && categories, !f.IsText() && texts:
			return fmt.Errorf("stored preprocessing: %s: expected numbers before categories before texts", f.describe())
		case f.IsText() && f.Text.check() != nil:
			return fmt.Errorf("stored preprocessing: %s: %w", f.describe(), f.Text.check())
		}
		categories, texts = categories || !f.isNumber(), texts || f.IsText()
	}
	if len(p.Shape) != 1 || width != p.Shape[0] || width == 0 {
		return fmt.Errorf("stored preprocessing: expected samples of %d values, the shape is %v", width, p.Shape)
	}
	return nil
}
