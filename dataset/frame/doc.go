// Package frame reads tables into memory: text with separators (CSV, TSV and
// their relatives), ARFF, LibSVM and NumPy arrays.
//
// Whatever the format, the outcome is a [Frame]: rows of cells in one slice of
// float64. A cell of a number column is its value, a cell of a text column is
// the index of its text among the column's texts, and a missing cell of either
// is NaN. What the columns mean, and which of them is the label, is not known
// here.
//
// Text is parsed in blocks of whole records, one goroutine for each processor.
// The outcome, errors included, depends on the content alone: not on the blocks
// and not on the processors.
package frame
