package dataset

import (
	"fmt"
	"slices"
)

// Kind is the kind of the features of a data set. It decides which default
// settings suit it, and which models can read it.
type Kind string

// The kinds. Their values appear in model files.
const (
	Image Kind = "image" // uint8 pixels, read as p/255; no standardisation
	Table Kind = "table" // numeric columns, read as (x - mean)/std
)

// Data is an opened data set: all its rows, in memory. It is immutable, and
// safe for concurrent use.
type Data struct {
	// Name is for people: the last part of the source's place. It differs where
	// the files of nodes are named differently, so it must not reach a model.
	Name string
	Kind Kind
	// Shape is that of one sample: [columns], or [channels, height, width].
	Shape []int
	// Classes are the names of classes 0..C-1.
	Classes []string
	// Train, Val and Test are never nil; Val is empty unless a fraction was
	// asked for.
	Train, Val, Test *Set
	// Prep is what a model must store to read new rows as these were read.
	Prep Prep
	// Fingerprint is a hash of the content, in hexadecimal: equal on two nodes
	// if and only if they train and test on the same numbers, by the same
	// names.
	Fingerprint string
}

// Features returns the number of values of one sample, the product of Shape.
func (d *Data) Features() int { return product(d.Shape) }

// Prep says how rows become the input of a model. It is plain data: encoding
// it as JSON and back gives the same bits.
type Prep struct {
	Kind    Kind     `json:"kind"`
	Shape   []int    `json:"shape"`
	Classes []string `json:"classes"`
	// Label is the label column of a table: its name, or its index if the file
	// has no header.
	Label string `json:"label,omitempty"`
	// LabelIndex is its index from 0, by which it is found in a file that has
	// no header where the training file had one.
	LabelIndex int `json:"label_index,omitempty"`
	// Columns are the names of the features of a table, in order; empty if the
	// file has no header.
	Columns []string `json:"columns,omitempty"`
	// Mean and Std standardise the columns of a table, one value each:
	// x becomes float32((x - Mean)/Std). Std is the population's (divided by
	// n), over the training rows, and 1 for a constant column.
	Mean []float64 `json:"mean,omitempty"`
	Std  []float64 `json:"std,omitempty"`
}

// check reports whether p can be used in place of fitting, for a source of
// the given kind and shape found at place.
func (p *Prep) check(place string, kind Kind, shape []int) error {
	if p.Kind != kind {
		return fmt.Errorf("%s: expected data of kind %q as in training, this is %q", place, p.Kind, kind)
	}
	if !slices.Equal(p.Shape, shape) {
		return fmt.Errorf("%s: expected samples of shape %v as in training, these are %v", place, p.Shape, shape)
	}
	if len(p.Classes) < 2 {
		return fmt.Errorf("stored preprocessing: expected at least 2 classes, it has %d", len(p.Classes))
	}
	if kind == Table && (len(p.Mean) != product(shape) || len(p.Std) != product(shape)) {
		return fmt.Errorf("stored preprocessing: expected %d means and deviations, it has %d and %d",
			product(shape), len(p.Mean), len(p.Std))
	}
	for j := range p.Mean {
		if !finite(p.Mean[j]) || !finite(p.Std[j]) || p.Std[j] <= 0 {
			return fmt.Errorf("stored preprocessing: column %d: expected a finite mean and a deviation above 0, it has %g and %g", j, p.Mean[j], p.Std[j])
		}
	}
	return nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
