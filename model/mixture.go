package model

import (
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// mixture is the memory of what members of an ensemble say together.
type mixture struct {
	mixed []float32
	sum   []float64 // of one row: the members' probabilities
	exps  []float64
	means []float64
}

// mix returns log mean_m softmax(z_m) of each row of the members' logits, in
// float64, members in order.
func (x *mixture) mix(members [][]float32, classes int) []float32 {
	mixed := grow(&x.mixed, len(members[0]))
	if len(x.sum) != classes {
		x.sum, x.exps = make([]float64, classes), make([]float64, classes)
	}
	for at := 0; at < len(mixed); at += classes {
		clear(x.sum)
		for _, z := range members {
			x.addSoftmax(z[at:][:classes])
		}
		for k, p := range x.sum {
			// No class is impossible: a logit of -Inf is no number to go on with.
			mixed[at+k] = float32(detmath.Log(max(p/float64(len(members)), math.SmallestNonzeroFloat32)))
		}
	}
	return mixed
}

// addSoftmax adds the probabilities of a row of logits to the sum.
func (x *mixture) addSoftmax(z []float32) {
	_, top := softmax{}.largest(z)
	for k, v := range z {
		x.exps[k] = float64(v) - top
	}
	kernel.Exp(x.exps, x.exps)
	var total float64
	for _, e := range x.exps {
		total += e
	}
	for k, e := range x.exps {
		x.sum[k] += e / total
	}
}

// mean sets dst to the mean over the members of what each sets it to, added in
// float64 in order.
func (n *Network) mean(dst []float32, each func(dst []float32, member int)) []float32 {
	members := len(n.logits)
	if members == 1 {
		each(dst, 0)
		return dst
	}
	if cap(n.means) < len(dst) {
		n.means = make([]float64, len(dst))
	}
	sums, one := n.means[:len(dst)], grow(&n.member, len(dst))
	clear(sums)
	for m := range members {
		each(one, m)
		for i, v := range one {
			sums[i] += float64(v)
		}
	}
	for i, s := range sums {
		dst[i] = float32(s / float64(members))
	}
	return dst
}
