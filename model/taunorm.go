package model

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// NormalizeClassifier divides the last layer's weights of each class by the
// tau-th power of their length, and drops the biases: a classifier trained on
// imbalanced classes has longer weights for the frequent ones (Kang et al.,
// "Decoupling representation and classifier for long-tailed recognition", ICLR
// 2020, section 4.3). tau is from 0, which drops the biases only, to 1. It panics
// on another tau. A cosine classifier, whose weights have no length, is left
// alone. No replica may be at work.
func (n *Network) NormalizeClassifier(tau float64) {
	if !(tau >= 0 && tau <= 1) {
		panic(fmt.Sprintf("model: tau %v of a normalised classifier, want 0 to 1", tau))
	}
	for m := range n.logits {
		layers := n.of(m)
		if d, ok := layers[len(layers)-1].(*dense); ok {
			d.shortenColumns(tau)
			clear(d.bias.v)
		}
	}
}

// shortenColumns divides each column of the weights by its length to the power
// of tau; sums in float64, rows in order. A column of zeros stays.
func (d *dense) shortenColumns(tau float64) {
	for j := range d.out {
		var square float64
		for i := range d.in {
			w := float64(d.weight.v[i*d.out+j])
			square += float64(w * w)
		}
		if square == 0 {
			continue
		}
		by := 1 / detmath.Pow(math.Sqrt(square), tau)
		for i := range d.in {
			w := &d.weight.v[i*d.out+j]
			*w = float32(float64(*w) * by)
		}
	}
}
