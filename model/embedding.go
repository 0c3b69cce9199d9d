package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Embedding says how the columns of a table are to be taken in: a parsed word for
// the fields that [Embedding.Number] and [Embedding.Category] make. The zero
// value passes values on.
type Embedding struct {
	kind        string // "", "ple", "tree" or "periodic"
	bins        int
	frequencies int
	sigma       float64
	width       int
	category    int // width of the embeddings of categories; 0: none
}

// Embeddings says how [ParseEmbedding] wants a word to be written.
const Embeddings = "none, ple:BINS[,WIDTH], tree:BINS[,WIDTH] or periodic:FREQUENCIES,SIGMA[,WIDTH], and +cat:WIDTH behind it for categories"

// ParseEmbedding reads none for numbers as they are; ple:BINS, piecewise-linear by quantiles; tree:BINS,
// piecewise-linear by the splits of a decision tree on the column; or
// periodic:FREQUENCIES,SIGMA; with WIDTH behind a comma also a dense layer with
// a ReLU for each column. Behind it +cat:WIDTH gives each category a vector of
// that width; without it a category stays one value of many.
func ParseEmbedding(word string) (Embedding, error) {
	numbers, categories, both := strings.Cut(word, "+")
	e, err := parseNumbers(numbers)
	if both && err == nil {
		arg, ok := strings.CutPrefix(categories, "cat:")
		if !ok {
			return Embedding{}, fmt.Errorf("model: embedding %q: want %s", word, Embeddings)
		}
		e.category, err = whole("width of categories", arg, maxBins)
	}
	if err != nil {
		return Embedding{}, fmt.Errorf("model: embedding %q: %w", word, err)
	}
	return e, nil
}

func parseNumbers(word string) (Embedding, error) {
	kind, list, _ := strings.Cut(word, ":")
	e := Embedding{kind: kind}
	args := strings.Split(list, ",")
	var err error
	switch {
	case word == "none":
		return Embedding{}, nil
	case (kind == "ple" || kind == "tree") && len(args) <= 2:
		e.bins, err = whole("number of bins", args[0], maxBins)
		args = args[1:]
	case kind == "periodic" && (len(args) == 2 || len(args) == 3):
		if e.frequencies, err = whole("number of frequencies", args[0], maxBins); err == nil {
			e.sigma, err = parseSigma(args[1])
		}
		args = args[2:]
	default:
		return Embedding{}, errors.New("want " + Embeddings)
	}
	if err == nil && len(args) == 1 {
		e.width, err = whole("width", args[0], maxBins)
	}
	return e, err
}

// maxBins bounds the bins, frequencies and widths of one column.
const maxBins = 1024

func parseSigma(s string) (float64, error) {
	sigma, err := strconv.ParseFloat(s, 64)
	if err != nil || !(sigma > 0 && sigma <= 1e6) {
		return 0, fmt.Errorf("sigma %q: want a deviation above 0 such as 0.1", s)
	}
	return sigma, nil
}

// Number returns the field of a column of numbers, given its values on the
// training rows, in any order but each with its label. It reorders values and
// labels. The same values and labels give the same field on every processor.
func (e Embedding) Number(values []float32, labels []int32, classes int) Field {
	f := Field{Values: 1}
	switch e.kind {
	case "ple":
		f.Edges = QuantileEdges(values, e.bins)
	case "tree":
		f.Edges = TreeEdges(values, labels, classes, e.bins)
	case "periodic":
		f.Frequencies, f.Sigma = e.frequencies, e.sigma
	}
	if e.kind != "" && e.width > 0 {
		f.Width, f.Rectified = e.width, true
	}
	return f
}

// Text returns the field of a text of so many values, which has an embedding of
// its own width whatever the word says: the sum of a vector for each value that is
// not 0, times the value.
func (Embedding) Text(values, width int) Field { return Field{Values: values, Width: width} }

// Category returns the field of a category of so many values.
func (e Embedding) Category(values int) Field { return Field{Values: values, Width: e.category} }
