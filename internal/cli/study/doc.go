// Package study trains many models of one kind and says what they are worth:
// comparisons of methods over seeds, and searches for settings. A model is a
// cell of a grid; a cell that is finished is never trained again.
package study
