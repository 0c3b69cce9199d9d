package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// normEps keeps the square root away from 0.
const normEps = 1e-5

// norm is batch norm over the samples of the shard and the positions of a
// channel:
//
//	x̂ = (x - μ)/√(V + eps)    y = γ·x̂ + β
//
// with the batch's mean μ and biased variance V in training and the running
// ones in evaluation (Ioffe and Szegedy, "Batch normalization", 2015; per shard:
// Hoffer et al., "Train longer, generalize better", 2017). Forward writes the
// batch's statistics behind the gradient (Network.Stats) and leaves the running
// ones alone: they change when a step is committed, by Network.Blend.
//
// A dense feature is a channel with one position; such a batch is turned, and
// is then one image whose positions are the samples. Sums over a channel take
// the samples in order, each in the lanes of kernel.Lanes.
type norm struct {
	channels, area int
	gamma, beta    *param // [channels]
	mean, variance *param // running, [channels]; their g is the batch's
	rectifier

	train   bool
	samples int
	x       []float32            // last inputs, turned if dense
	factors []kernel.NormFactors // by channel
	y, dx   []float32            // buffers: outputs, input gradient
	turned  [4][]float32         // the like of a dense batch: inputs, outputs, gradients of both
	sums    []kernel.Lanes       // scratch by channel
	dots    []kernel.Lanes
}

func newNorm(channels, area int) *norm {
	shape := tensor.Shape{channels}
	return &norm{
		channels: channels, area: area,
		gamma:    &param{name: "weight", shape: shape, fill: 1},
		beta:     &param{name: "bias", shape: shape},
		mean:     &param{name: "running_mean", shape: shape, running: true},
		variance: &param{name: "running_var", shape: shape, running: true, fill: 1},
		factors:  make([]kernel.NormFactors, channels),
		sums:     make([]kernel.Lanes, channels),
		dots:     make([]kernel.Lanes, channels),
	}
}

func (n *norm) Forward(p Pass, x []float32) []float32 {
	n.train, n.samples = p.Train && !n.mean.frozen, len(x)/(n.channels*n.area)
	y := grow(&n.y, len(x))
	n.x = n.turn(0, x)
	if n.train {
		n.measure()
	}
	for c := range n.channels {
		f := &n.factors[c]
		f.Gain, f.Bias = n.gamma.v[c], n.beta.v[c]
		if !n.train {
			f.Mean = n.mean.v[c]
			f.Scale = float32(1 / math.Sqrt(float64(n.variance.v[c])+normEps))
		}
	}
	out := n.image(1, y)
	for i := range n.planes() {
		plane := n.plane(out, i)
		kernel.Normalize(plane, n.plane(n.x, i), n.factors[i%n.channels])
		if n.rectified {
			kernel.ReLU(plane, plane)
		}
	}
	n.turnBack(y, out)
	return y
}

// measure takes the batch's statistics, the variance as the mean square less
// the squared mean: squares of float32 are exact in float64, and its 29 more bits
// are lost only where the mean is a million deviations large.
func (n *norm) measure() {
	count := float64(len(n.x) / n.channels)
	clear(n.sums)
	clear(n.dots)
	for i := range n.planes() {
		x := n.plane(n.x, i)
		kernel.AddProducts(&n.sums[i%n.channels], &n.dots[i%n.channels], x, x, 0, 1)
	}
	for c := range n.channels {
		mean := n.sums[c].Fold() / count
		v := max(n.dots[c].Fold()/count-float64(mean*mean), 0)
		n.mean.g[c], n.variance.g[c] = float32(mean), float32(v)
		n.factors[c].Mean, n.factors[c].Scale = float32(mean), float32(1/math.Sqrt(v+normEps))
	}
}

// Backward: dβ = Σ dy, dγ = Σ dy·x̂, and, since μ and V move with each x,
// dx = γ/√(V+eps) · (dy - dβ/n - x̂·dγ/n). In evaluation μ and V stand still.
func (n *norm) Backward(dy []float32) []float32 {
	n.rectifyBackward(dy, n.y)
	dx := grow(&n.dx, len(dy))
	d, out := n.turn(2, dy), n.image(3, dx)
	n.project(d)
	for c := range n.channels {
		n.beta.g[c], n.gamma.g[c] = float32(n.sums[c][0]), float32(n.dots[c][0])
	}
	for i := range n.planes() {
		a, b := n.means(i % n.channels)
		kernel.NormalizeBackward(n.plane(out, i), n.plane(d, i), n.plane(n.x, i), n.factors[i%n.channels], a, b)
	}
	n.turnBack(dx, out)
	return dx
}

// JVP: x̂˙ = (ẋ - mean(ẋ) - x̂·mean(x̂·ẋ))/√(V+eps), which is the usual formula
// with μ̇ = mean(ẋ) and V̇ = 2·mean((x-μ)(ẋ-μ̇)) put in, and
// ẏ = γ̇·x̂ + γ·x̂˙ + β̇. In evaluation μ and V stand still.
func (n *norm) JVP(dx, dir []float32) []float32 {
	dy := grow(&n.dx, len(dx))
	d, out := n.turn(2, dx), n.image(3, dy)
	n.project(d)
	dgamma, dbeta := n.gamma.of(dir), n.beta.of(dir)
	for i := range n.planes() {
		c := i % n.channels
		a, b := n.means(c)
		f := n.factors[c]
		to, x := n.plane(out, i), n.plane(n.x, i)
		kernel.NormalizeBackward(to, n.plane(d, i), x, f, a, b)
		for j, v := range x {
			h := float32((v - f.Mean) * f.Scale)
			to[j] = (to[j] + float32(dgamma[c]*h)) + dbeta[c]
		}
	}
	n.turnBack(dy, out)
	if n.rectified {
		kernel.ReLUBackward(dy, dy, n.y)
	}
	return dy
}

// project sets the first lanes of sums and dots to the sums Σd and Σd·x̂ of
// each channel, for a gradient or tangent d.
func (n *norm) project(d []float32) {
	clear(n.sums)
	clear(n.dots)
	for i := range n.planes() {
		c := i % n.channels
		kernel.AddProducts(&n.sums[c], &n.dots[c], n.plane(d, i), n.plane(n.x, i), n.factors[c].Mean, n.factors[c].Scale)
	}
	for c := range n.channels {
		n.sums[c][0], n.dots[c][0] = n.sums[c].Fold(), n.dots[c].Fold()
	}
}

// means returns what Backward and JVP take out of channel c; nothing in
// evaluation.
func (n *norm) means(c int) (a, b float32) {
	if !n.train {
		return 0, 0
	}
	count := float64(len(n.x) / n.channels)
	return float32(n.sums[c][0] / count), float32(n.dots[c][0] / count)
}

// planes is the number of planes of the batch, sample by sample; plane i is of
// channel i modulo channels.
func (n *norm) planes() int {
	if n.area == 1 {
		return n.channels
	}
	return n.samples * n.channels
}

func (n *norm) plane(x []float32, i int) []float32 {
	size := n.area
	if size == 1 {
		size = n.samples
	}
	return x[i*size:][:size]
}

// turn returns x with the positions of each plane side by side: x itself, or
// its transpose in buffer k.
func (n *norm) turn(k int, x []float32) []float32 {
	t := n.image(k, x)
	if n.area == 1 {
		kernel.Transpose(t, x, n.samples, n.channels)
	}
	return t
}

// image returns where the planes of x go: x itself, or buffer k.
func (n *norm) image(k int, x []float32) []float32 {
	if n.area > 1 {
		return x
	}
	return grow(&n.turned[k], len(x))
}

// turnBack sets x from its planes.
func (n *norm) turnBack(x, planes []float32) {
	if n.area == 1 {
		kernel.Transpose(x, planes, n.channels, n.samples)
	}
}

func (n *norm) params() []*param { return []*param{n.gamma, n.beta, n.mean, n.variance} }

func (n *norm) String() string { return fmt.Sprintf("batch norm %d", n.channels) }

// blend performs running = 0.9·running + 0.1·batch.
func blend(running, batch []float32) {
	for i, s := range batch {
		running[i] = float32(0.9*running[i]) + float32(0.1*s)
	}
}
