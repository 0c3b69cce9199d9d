// Package report prints the outcome of runs as tables for people: the figures
// of one run, or of several side by side, and the recall of every class.
package report
