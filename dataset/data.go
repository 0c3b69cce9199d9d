package dataset

import (
	"fmt"
	"math"
)

// Kind is the kind of the features of a data set. It decides which default
// settings suit it, and which models can read it.
type Kind string

// The kinds. Their values appear in model files.
const (
	Image Kind = "image" // uint8 pixels, read as p/255; no standardisation
	Table Kind = "table" // columns of numbers and of categories, as Prep says
)

// Data is an opened data set: all its rows, in memory. It is immutable, and
// safe for concurrent use.
type Data struct {
	// Name is for people: the last part of the source's place. It differs where
	// the files of nodes are named differently, so it must not reach a model.
	Name string
	Kind Kind
	// Shape is that of one sample: [values], or [channels, height, width].
	Shape []int
	// Classes are the names of classes 0..C-1.
	Classes []string
	// Train, Val and Test are never nil; Val is empty unless a fraction was
	// asked for.
	Train, Val, Test *Set
	// Stream is what follows the rows of Train; nil: nothing does.
	Stream *Stream
	// Prep is what a model must store to read new rows as these were read.
	Prep Prep
	// Fingerprint is a hash of the content, in hexadecimal: equal on two nodes
	// if and only if they train and test on the same numbers, by the same
	// names.
	Fingerprint string
	// Warnings are about what is in the data and should perhaps not be, one
	// sentence each. They are for people; nothing depends on them.
	Warnings []string

	place    func(row int32) string // nil: rows have numbers only
	grouping *grouping              // nil: none was asked for
}

// Place says where the row of that number is, for people: file and line, or
// the number where a source has no lines.
func (d *Data) Place(id int) string {
	if d.place == nil {
		return fmt.Sprintf("%s: row %d", d.Name, id)
	}
	return d.place(int32(id))
}

// Features returns the number of values of one sample, the product of Shape.
func (d *Data) Features() int { return product(d.Shape) }

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
