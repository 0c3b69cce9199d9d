package model

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/rng"
)

// dropout is y = x·mask in training, with mask 0 with probability rate and
// 1/(1-rate) otherwise, and y = x in evaluation (Srivastava et al., "Dropout: a
// simple way to prevent neural networks from overfitting", 2014, in the
// inverted form).
//
// The mask of a row is keyed by (seed, layer, step, position of the row in the
// global batch): it is the same however the batch is cut into shards and
// however often a step is computed.
type dropout struct {
	width int
	rate  float32
	seed  uint64
	index uint64 // of this layer in the network

	active bool // last Forward was in training
	mask   []float32
	y      []float32 // own buffer: the ReLU before it needs its output again
}

func newDropout(width int, rate float32, seed uint64, index int) *dropout {
	return &dropout{width: width, rate: rate, seed: seed, index: uint64(index)}
}

func (d *dropout) Forward(p Pass, x []float32) []float32 {
	d.active = p.Train
	if !d.active {
		return x
	}
	mask := grow(&d.mask, len(x))
	// A draw of 24 bits, as a fraction, is below the rate if it is below this. To
	// look the factor up, and not to branch on it: no processor foresees a draw.
	below := uint64(math.Ceil(float64(d.rate) * (1 << 24)))
	factor := [2]float32{1 / (1 - d.rate), 0}
	for row := range len(x) / d.width {
		stream := rng.New(d.seed, rng.Dropout, d.index, p.Step, uint64(p.First+row))
		m := mask[row*d.width:][:d.width]
		for j := range m {
			m[j] = factor[(stream.Uint64(uint64(j))>>40-below)>>63]
		}
	}
	y := grow(&d.y, len(x))
	// A product, not a choice: NaN and Inf in a dropped place must show.
	for i, v := range x {
		y[i] = v * mask[i]
	}
	return y
}

// Backward: dx = dy·mask, in place.
func (d *dropout) Backward(dy []float32) []float32 {
	if !d.active {
		return dy
	}
	for i, m := range d.mask {
		dy[i] *= m
	}
	return dy
}

// JVP: ẏ = ẋ·mask. The derivative is diagonal, so this is Backward.
func (d *dropout) JVP(dx, _ []float32) []float32 { return d.Backward(dx) }

func (d *dropout) params() []*param { return nil }

func (d *dropout) String() string { return fmt.Sprintf("dropout %v", d.rate) }
