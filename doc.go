// Package ballast is the root of a distributed trainer for classifiers on
// imbalanced and noisily labelled data. It holds no code: see train for the
// loop, allreduce for the ring, optimizer for the weighting methods, model,
// dataset and cluster for what their names say, and cmd for the programs.
package ballast
