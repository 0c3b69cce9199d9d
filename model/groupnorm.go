package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// groupNorm normalises each sample on its own, over groups of its channels:
//
//	x̂ = (x - μ)/√(V + eps)    y = γ·x̂ + β
//
// with the mean μ and the biased variance V of the sample's group, and a γ and a
// β for each channel (Wu and He, "Group normalization", 2018). One group over
// the features of a dense layer is layer norm (Ba et al., "Layer
// normalization", 2016). Samples do not meet, so evaluation is as training, and
// the result does not depend on how a batch is cut.
//
// Sums over a group take its values in order, in the lanes of kernel.Lanes.
type groupNorm struct {
	channels, area, groups int
	gamma, beta            *param // [channels]
	rectifier

	x       []float32            // last inputs
	factors []kernel.NormFactors // by sample and group
	y, dx   []float32            // buffers: outputs, input gradient
	scaled  []float32            // of one group: γ·dy
	hat     []float32            // of one group: x̂
}

func newGroupNorm(channels, area, groups int) *groupNorm {
	shape := tensor.Shape{channels}
	return &groupNorm{
		channels: channels, area: area, groups: groups,
		gamma: &param{name: "weight", shape: shape, fill: 1},
		beta:  &param{name: "bias", shape: shape},
	}
}

// span is the number of values of a group.
func (n *groupNorm) span() int { return n.channels / n.groups * n.area }

// group returns the i-th group of x, counted over all samples.
func (n *groupNorm) group(x []float32, i int) []float32 { return x[i*n.span():][:n.span()] }

// channel returns the first channel of group i.
func (n *groupNorm) channel(i int) int { return i % n.groups * (n.channels / n.groups) }

func (n *groupNorm) Forward(_ Pass, x []float32) []float32 {
	n.x = x
	y := grow(&n.y, len(x))
	n.measure()
	for i, f := range n.factors {
		to := n.group(y, i)
		kernel.Normalize(to, n.group(x, i), f)
		n.affine(to, n.gamma.v[n.channel(i):], n.beta.v[n.channel(i):])
	}
	if n.rectified {
		kernel.ReLU(y, y)
	}
	return y
}

// measure takes the statistics of each group, the variance as batch norm does.
func (n *groupNorm) measure() {
	groups := len(n.x) / n.span()
	if cap(n.factors) < groups {
		n.factors = make([]kernel.NormFactors, groups)
	}
	n.factors = n.factors[:groups]
	count := float64(n.span())
	for i := range n.factors {
		var sums, squares kernel.Lanes
		x := n.group(n.x, i)
		kernel.AddProducts(&sums, &squares, x, x, 0, 1)
		mean := sums.Fold() / count
		v := max(squares.Fold()/count-float64(mean*mean), 0)
		n.factors[i] = kernel.NormFactors{Mean: float32(mean), Scale: float32(1 / math.Sqrt(v+normEps)), Gain: 1}
	}
}

// affine performs y = gain·y + shift for the channels of one group.
func (n *groupNorm) affine(y, gain, shift []float32) {
	if n.area == 1 {
		for j, h := range y {
			y[j] = float32(gain[j]*h) + shift[j]
		}
		return
	}
	for c := 0; len(y) > 0; c, y = c+1, y[n.area:] {
		plane := y[:n.area]
		kernel.Normalize(plane, plane, kernel.NormFactors{Scale: 1, Gain: gain[c], Bias: shift[c]})
	}
}

// Backward: dβ = Σ dy, dγ = Σ dy·x̂, and, with d = γ·dy,
// dx = (d - mean(d) - x̂·mean(d·x̂))/√(V+eps).
func (n *groupNorm) Backward(dy []float32) []float32 {
	n.rectifyBackward(dy, n.y)
	dx := grow(&n.dx, len(dy))
	scaled := grow(&n.scaled, n.span())
	clear(n.gamma.g)
	clear(n.beta.g)
	for i, f := range n.factors {
		c := n.channel(i)
		n.addGradients(n.gamma.g[c:], n.beta.g[c:], n.group(dy, i), n.hats(i))
		n.scale(scaled, n.group(dy, i), n.gamma.v[c:])
		n.project(n.group(dx, i), scaled, n.group(n.x, i), f)
	}
	return dx
}

// hats returns x̂ of group i.
func (n *groupNorm) hats(i int) []float32 {
	h := grow(&n.hat, n.span())
	kernel.Normalize(h, n.group(n.x, i), n.factors[i])
	return h
}

// addGradients adds what one group says of its channels' γ and β, a plane
// summed in order in float64.
func (n *groupNorm) addGradients(dgamma, dbeta, dy, hat []float32) {
	if n.area == 1 {
		for j, d := range dy {
			dgamma[j] += float32(d * hat[j])
			dbeta[j] += d
		}
		return
	}
	for c := 0; len(dy) > 0; c, dy, hat = c+1, dy[n.area:], hat[n.area:] {
		var sums, dots kernel.Lanes
		kernel.AddProducts(&sums, &dots, dy[:n.area], hat[:n.area], 0, 1)
		dbeta[c] += float32(sums.Fold())
		dgamma[c] += float32(dots.Fold())
	}
}

// scale performs to = gain·d for the channels of one group.
func (n *groupNorm) scale(to, d, gain []float32) {
	if n.area == 1 {
		for j, v := range d {
			to[j] = gain[j] * v
		}
		return
	}
	for c := 0; len(to) > 0; c, to, d = c+1, to[n.area:], d[n.area:] {
		kernel.ScaleTo(to[:n.area], gain[c], d[:n.area])
	}
}

// project performs to = (d - mean(d) - x̂·mean(d·x̂))/√(V+eps) for one group: the
// derivative of x̂, which is its own adjoint.
func (n *groupNorm) project(to, d, x []float32, f kernel.NormFactors) {
	var sums, dots kernel.Lanes
	kernel.AddProducts(&sums, &dots, d, x, f.Mean, f.Scale)
	count := float64(n.span())
	kernel.NormalizeBackward(to, d, x, f, float32(sums.Fold()/count), float32(dots.Fold()/count))
}

// JVP: ẏ = γ·x̂˙ + γ̇·x̂ + β̇.
func (n *groupNorm) JVP(dx, dir []float32) []float32 {
	dy := grow(&n.dx, len(dx))
	dgamma, dbeta := n.gamma.of(dir), n.beta.of(dir)
	for i, f := range n.factors {
		c, to := n.channel(i), n.group(dy, i)
		n.project(to, n.group(dx, i), n.group(n.x, i), f)
		n.scale(to, to, n.gamma.v[c:])
		hat := n.hats(i)
		n.affine(hat, dgamma[c:], dbeta[c:])
		kernel.Add(to, hat)
	}
	if n.rectified {
		kernel.ReLUBackward(dy, dy, n.y)
	}
	return dy
}

func (n *groupNorm) params() []*param { return []*param{n.gamma, n.beta} }

func (n *groupNorm) String() string {
	if n.groups == 1 {
		return fmt.Sprintf("layer norm %d", n.channels)
	}
	return fmt.Sprintf("group norm %d, %d groups", n.channels, n.groups)
}
