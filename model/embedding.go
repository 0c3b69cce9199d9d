package model

import (
	"fmt"
	"strconv"
	"strings"
)

// Embedding says how the numbers of a table are to be taken in: a parsed word
// for the fields that [Embedding.Number] makes. The zero value passes numbers
// on.
type Embedding struct {
	kind        string // "", "ple", "tree" or "periodic"
	bins        int
	frequencies int
	sigma       float64
	width       int
}

// Embeddings says how [ParseEmbedding] wants a word to be written.
const Embeddings = "none, ple:BINS[,WIDTH], tree:BINS[,WIDTH] or periodic:FREQUENCIES,SIGMA[,WIDTH]"

// ParseEmbedding reads none; ple:BINS, piecewise-linear by quantiles; tree:BINS,
// piecewise-linear by the splits of a decision tree on the column; or
// periodic:FREQUENCIES,SIGMA; with WIDTH behind a comma also a dense layer with
// a ReLU for each column.
func ParseEmbedding(word string) (Embedding, error) {
	if word == "none" {
		return Embedding{}, nil
	}
	kind, list, _ := strings.Cut(word, ":")
	e := Embedding{kind: kind}
	args := strings.Split(list, ",")
	var err error
	switch {
	case (kind == "ple" || kind == "tree") && len(args) <= 2:
		e.bins, err = whole("number of bins", args[0], maxBins)
		args = args[1:]
	case kind == "periodic" && (len(args) == 2 || len(args) == 3):
		if e.frequencies, err = whole("number of frequencies", args[0], maxBins); err == nil {
			e.sigma, err = parseSigma(args[1])
		}
		args = args[2:]
	default:
		return Embedding{}, fmt.Errorf("model: embedding %q: want %s", word, Embeddings)
	}
	if err == nil && len(args) == 1 {
		e.width, err = whole("width", args[0], maxBins)
	}
	if err != nil {
		return Embedding{}, fmt.Errorf("model: embedding %q: %w", word, err)
	}
	return e, nil
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
