// Package metrics turns the scores that a model gives to rows into the figures
// that people compare models by. Everything is a pure function of logits and
// labels in the order of the rows: whoever holds the same rows computes the same
// bits, on whatever number of nodes the logits were made. Counts are integers,
// sums are float64 in the order of the rows, and ties are ties.
//
// # Conventions
//
// A row is decided for the class of its largest logit, the first of equal ones.
// Classes without rows are left out of means over classes. What cannot be
// measured, such as the AUROC of rows of one class, is NaN from a function and
// left out of a report.
//
// AUROC and average precision of two classes are those of the positive class;
// of more classes they are the plain mean over the classes, each against the
// rest. The positive class is the one with the fewest training rows, unless
// somebody says otherwise.
package metrics
