// Package logsum is the arithmetic of a global log-sum-exp: a triple that each
// shard computes from its own numbers, and the fold that joins two triples.
//
// A triple (m, s, c) stands for c numbers a_i with m = max a_i and
// s = Σ e^{a_i-m}, so that log Σ e^{a_i} = m + log s without overflow. The ring
// and the weighter use the very same two functions: folding the triples of all
// shards in shard order gives the same bits whichever node hosts a shard.
//
// NaN is never dropped. A triple with a NaN in it, or made from a NaN or a +Inf,
// has NaN for m and s and the true count, and so has every fold with it.
package logsum

import (
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// Identity returns the triple of no numbers: folding with it changes nothing.
// It is what an empty shard contributes.
func Identity() [3]float64 { return [3]float64{math.Inf(-1), 0, 0} }

// Of returns the triple of a; the sum runs in ascending order of index.
func Of(a []float64) [3]float64 {
	t, ok := peak(a)
	if !ok {
		return t
	}
	for _, v := range a {
		t[1] += detmath.Exp(v - t[0])
	}
	return t
}

// Terms is Of, and puts the terms of the sum in place of a: e^{a_i-m}, between 0
// and 1. They are all NaN in a poisoned triple, and 0 if every a_i is -Inf.
func Terms(a []float64) [3]float64 {
	t, ok := peak(a)
	for i, v := range a {
		if ok {
			a[i] = detmath.Exp(v - t[0])
		} else {
			a[i] = t[1]
		}
		t[1] += a[i]
	}
	return t
}

// peak returns the triple of a with the maximum, the count, and a sum of 0. If
// there are no terms to add (a is empty or all -Inf, or poisoned) the triple is
// complete and ok is false.
func peak(a []float64) (t [3]float64, ok bool) {
	t = Identity()
	t[2] = float64(len(a))
	for _, v := range a {
		if math.IsNaN(v) || math.IsInf(v, 1) {
			return poison(t[2]), false
		}
		t[0] = max(t[0], v)
	}
	return t, !math.IsInf(t[0], -1)
}

// Fold returns the triple of the numbers behind dst followed by those behind x.
// It is associative and commutative up to rounding only, so whoever needs equal
// bits folds in shard order, starting from Identity.
func Fold(dst, x [3]float64) [3]float64 {
	c := dst[2] + x[2]
	if isPoison(dst) || isPoison(x) {
		return poison(c)
	}
	switch {
	case x[2] == 0:
		return dst
	case dst[2] == 0:
		return x
	}
	m := max(dst[0], x[0])
	if math.IsInf(m, -1) { // only zeros: -Inf - -Inf would be NaN
		return [3]float64{m, 0, c}
	}
	s := float64(dst[1]*detmath.Exp(dst[0]-m)) + float64(x[1]*detmath.Exp(x[0]-m))
	return [3]float64{m, s, c}
}

// Log returns log Σ e^{a_i} of a triple: -Inf for the identity, NaN for a
// poisoned one.
func Log(t [3]float64) float64 {
	if t[1] == 0 {
		return math.Inf(-1)
	}
	return t[0] + detmath.Log(t[1])
}

func isPoison(t [3]float64) bool {
	return math.IsNaN(t[0]) || math.IsNaN(t[1]) || math.IsNaN(t[2]) || math.IsInf(t[0], 1)
}

func poison(c float64) [3]float64 { return [3]float64{math.NaN(), math.NaN(), c} }
