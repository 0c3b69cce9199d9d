package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// conv is a convolution with stride 1, sample by sample a matrix product over
// the patches under the kernel: y = W·columns(x) + b, with y and x as channels,
// height, width and W as [out, taps].
//
// Patches are made anew in each pass, for one sample at a time: they are up to
// 25 times the size of the image, so keeping them would move more memory than
// making them.
type conv struct {
	win    window
	out    int    // channels
	weight *param // [out taps]
	bias   *param // [out]; nil if batch norm follows, which would undo it
	first  bool   // first layer: nobody asks for dx

	x            []float32 // last inputs
	y, dx, slope []float32 // buffers: outputs, input gradient, output tangent
	cols         []float32 // one sample's columns, patches, or columns of gradients
	frame        []float32 // one padded sample; its frame stays zero
	spread       []float32 // one padded sample of input gradients
	sums         []float64 // Σ dy by channel
}

// newConv returns a layer whose weights start uniform in [-bound, bound).
func newConv(win window, out int, bound float64, bias, first bool) *conv {
	c := &conv{win: win, out: out, first: first}
	c.weight = &param{name: "weight", shape: tensor.Shape{out, win.taps()}, bound: bound}
	if bias {
		c.bias = &param{name: "bias", shape: tensor.Shape{out}}
		c.sums = make([]float64, out)
	}
	return c
}

func (c *conv) Forward(_ Pass, x []float32) []float32 {
	c.x = x
	y := grow(&c.y, c.rows()*c.outSize())
	grow(&c.cols, c.win.taps()*c.win.positions())
	grow(&c.frame, c.win.paddedSize())
	for r := range c.rows() {
		c.win.columns(c.cols, c.sample(x, r))
		c.product(c.result(y, r), c.weight.v, c.startFrom(c.result(y, r), c.biasValues()))
	}
	return y
}

// Backward: dW = Σ dy·patches(x), each element one chain over samples and
// positions in order; db = Σ dy; dx = scatter(Wᵀ·dy).
func (c *conv) Backward(dy []float32) []float32 {
	taps, positions := c.win.taps(), c.win.positions()
	clear(c.weight.g)
	for r := range c.rows() {
		c.win.patches(c.cols, c.sample(c.x, r))
		kernel.MatMul(c.weight.g, c.result(dy, r), c.cols, c.out, taps, positions, true)
	}
	if c.bias != nil {
		sumChannels(c.sums, dy, positions)
		for o, s := range c.sums {
			c.bias.g[o] = float32(s)
		}
	}
	if c.first {
		return nil
	}
	return c.inputGradient(dy)
}

func (c *conv) inputGradient(dy []float32) []float32 {
	size := c.win.inSize()
	dx := grow(&c.dx, c.rows()*size)
	for r := range c.rows() {
		kernel.MatMulTN(c.cols, c.weight.v, c.result(dy, r), c.win.taps(), c.win.positions(), c.out, false)
		if c.win.pad == 0 {
			c.win.scatter(dx[r*size:][:size], c.cols)
			continue
		}
		spread := grow(&c.spread, c.win.paddedSize())
		c.win.scatter(spread, c.cols)
		c.win.unframed(dx[r*size:][:size], spread)
	}
	return dx
}

// JVP: ẏ = Ẇ·columns(x) + W·columns(ẋ) + ḃ.
func (c *conv) JVP(dx, dir []float32) []float32 {
	dy := grow(&c.slope, c.rows()*c.outSize())
	var dbias []float32
	if c.bias != nil {
		dbias = c.bias.of(dir)
	}
	for r := range c.rows() {
		t := c.result(dy, r)
		c.win.columns(c.cols, c.sample(c.x, r))
		c.product(t, c.weight.of(dir), c.startFrom(t, dbias))
		if dx != nil {
			c.win.columns(c.cols, c.sample(dx, r))
			c.product(t, c.weight.v, true)
		}
	}
	return dy
}

// product computes y = W·cols for one sample, or y += W·cols.
func (c *conv) product(y, weight []float32, acc bool) {
	kernel.MatMul(y, weight, c.cols, c.out, c.win.positions(), c.win.taps(), acc)
}

// startFrom fills one sample of outputs with the biases, if there are any, and
// reports whether it did: the chains of the product then start from them.
func (c *conv) startFrom(y, bias []float32) bool {
	positions := c.win.positions()
	for o, b := range bias {
		run := y[o*positions:][:positions]
		for i := range run {
			run[i] = b
		}
	}
	return bias != nil
}

func (c *conv) biasValues() []float32 {
	if c.bias == nil {
		return nil
	}
	return c.bias.v
}

func (c *conv) rows() int    { return len(c.x) / c.win.inSize() }
func (c *conv) outSize() int { return c.out * c.win.positions() }

// sample returns sample r of the inputs x, padded.
func (c *conv) sample(x []float32, r int) []float32 {
	size := c.win.inSize()
	return c.win.framed(c.frame, x[r*size:][:size])
}

// result returns sample r of the outputs y.
func (c *conv) result(y []float32, r int) []float32 { return y[r*c.outSize():][:c.outSize()] }

func (c *conv) params() []*param {
	if c.bias == nil {
		return []*param{c.weight}
	}
	return []*param{c.weight, c.bias}
}

func (c *conv) String() string {
	return fmt.Sprintf("conv %d -> %d, %dx%d, pad %d", c.win.channels, c.out, c.win.kernel, c.win.kernel, c.win.pad)
}
