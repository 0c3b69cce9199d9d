package model

import "slices"

// QuantileEdges returns the edges of at most bins bins that hold about equally
// many of the values each: order statistics at even ranks, equal ones once.
// There are none if all values are equal. It sorts values, which must be finite.
func QuantileEdges(values []float32, bins int) []float32 {
	if len(values) == 0 || bins < 1 {
		return nil
	}
	slices.Sort(values)
	var edges []float32
	for t := range bins + 1 {
		edges = append(edges, values[t*(len(values)-1)/bins])
	}
	return spaced(edges)
}

// spaced returns edges, which ascend, without those that repeat the one before;
// nil if one is left.
func spaced(edges []float32) []float32 {
	edges = slices.Compact(edges)
	if len(edges) < 2 {
		return nil
	}
	return edges
}
