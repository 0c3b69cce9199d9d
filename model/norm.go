package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// normEps keeps the square root away from 0.
const normEps = 1e-5

// norm is batch norm over the samples of the shard and the positions of a
// channel (a dense feature is a channel with one position):
//
//	x̂ = (x - μ)/√(V + eps)    y = γ·x̂ + β
//
// with the batch's mean μ and biased variance V in training and the running
// ones in evaluation (Ioffe and Szegedy, "Batch normalization", 2015; per shard:
// Hoffer et al., "Train longer, generalize better", 2017). Forward writes the
// batch's statistics behind the gradient (Network.Stats) and leaves the running
// ones alone: they change when a step is committed, by Network.Blend.
// It works in place.
type norm struct {
	channels, area int
	gamma, beta    *param // [channels]
	mean, variance *param // running, [channels]; their g is the batch's

	train bool
	n     float64   // samples × positions of the last Forward
	scale []float32 // 1/√(V + eps) by channel
	xhat  []float32
	sums  []float64 // scratch by channel
	dots  []float64
	a, b  []float32 // scratch by channel: the two means that Backward and JVP take out
}

func newNorm(channels, area int) *norm {
	shape := tensor.Shape{channels}
	return &norm{
		channels: channels, area: area,
		gamma:    &param{name: "weight", shape: shape, fill: 1},
		beta:     &param{name: "bias", shape: shape},
		mean:     &param{name: "running_mean", shape: shape, running: true},
		variance: &param{name: "running_var", shape: shape, running: true, fill: 1},
		scale:    make([]float32, channels),
		sums:     make([]float64, channels),
		dots:     make([]float64, channels),
		a:        make([]float32, channels),
		b:        make([]float32, channels),
	}
}

func (n *norm) Forward(p Pass, x []float32) []float32 {
	n.train = p.Train
	n.n = float64(len(x) / n.channels)
	xhat := grow(&n.xhat, len(x))
	if n.train {
		sumChannels(n.sums, x, n.area)
		for c, s := range n.sums {
			n.mean.g[c] = float32(s / n.n)
		}
		n.centre(xhat, x, n.mean.g)
		dotChannels(n.dots, xhat, xhat, n.area)
		for c, s := range n.dots {
			v := s / n.n
			n.variance.g[c] = float32(v)
			n.scale[c] = float32(1 / math.Sqrt(v+normEps))
		}
	} else {
		n.centre(xhat, x, n.mean.v)
		for c, v := range n.variance.v {
			n.scale[c] = float32(1 / math.Sqrt(float64(v)+normEps))
		}
	}
	for i := 0; i < len(x); {
		for c, s := range n.scale {
			g, b := n.gamma.v[c], n.beta.v[c]
			for end := i + n.area; i < end; i++ {
				h := xhat[i] * s
				xhat[i] = h
				x[i] = float32(g*h) + b
			}
		}
	}
	return x
}

// centre sets dst = x - mean, channel by channel.
func (n *norm) centre(dst, x, mean []float32) {
	for i := 0; i < len(x); {
		for _, m := range mean {
			for end := i + n.area; i < end; i++ {
				dst[i] = x[i] - m
			}
		}
	}
}

// Backward: dβ = Σ dy, dγ = Σ dy·x̂, and, since μ and V move with each x,
// dx = γ/√(V+eps) · (dy - dβ/n - x̂·dγ/n). In evaluation μ and V stand still.
func (n *norm) Backward(dy []float32) []float32 {
	n.project(dy)
	for c := range n.channels {
		n.beta.g[c] = float32(n.sums[c])
		n.gamma.g[c] = float32(n.dots[c])
	}
	for i := 0; i < len(dy); {
		for c, a := range n.a {
			k, b := n.gamma.v[c]*n.scale[c], n.b[c]
			for end := i + n.area; i < end; i++ {
				dy[i] = float32(k * (dy[i] - a - float32(n.xhat[i]*b)))
			}
		}
	}
	return dy
}

// JVP: x̂˙ = (ẋ - mean(ẋ) - x̂·mean(x̂·ẋ))/√(V+eps), which is the usual formula
// with μ̇ = mean(ẋ) and V̇ = 2·mean((x-μ)(ẋ-μ̇)) put in, and
// ẏ = γ̇·x̂ + γ·x̂˙ + β̇. In evaluation μ and V stand still.
func (n *norm) JVP(dx, dir []float32) []float32 {
	n.project(dx)
	dgamma, dbeta := n.gamma.of(dir), n.beta.of(dir)
	for i := 0; i < len(dx); {
		for c, a := range n.a {
			k, b := n.gamma.v[c]*n.scale[c], n.b[c]
			dg, db := dgamma[c], dbeta[c]
			for end := i + n.area; i < end; i++ {
				h := n.xhat[i]
				t := float32(k * (dx[i] - a - float32(h*b)))
				dx[i] = t + float32(dg*h) + db
			}
		}
	}
	return dx
}

// project computes, for a gradient or tangent d, the sums Σd and Σd·x̂ of each
// channel and their means a and b, which are zero in evaluation.
func (n *norm) project(d []float32) {
	sumChannels(n.sums, d, n.area)
	dotChannels(n.dots, d, n.xhat, n.area)
	clear(n.a)
	clear(n.b)
	if !n.train {
		return
	}
	for c := range n.channels {
		n.a[c] = float32(n.sums[c] / n.n)
		n.b[c] = float32(n.dots[c] / n.n)
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
