// Package train is the trunk: the only package that knows the five leaves
// (cluster, allreduce, optimizer, model, dataset) and puts them together.
package train
