package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// conv is a convolution with stride 1, sample by sample a matrix product over
// what the taps of the kernel see: y = W·gather(x) + b, with x and y as
// channels, height, width and W as [out taps].
//
// What the taps see is gathered anew in each pass, for one sample at a time: it
// is up to 25 times the size of the image, so keeping it would move more memory
// than gathering it.
type conv struct {
	win    window
	out    int    // channels
	weight *param // [out taps]
	bias   *param // [out]; nil if batch norm follows, which would undo it
	first  bool   // first layer: nobody asks for dx

	x            []float32 // last inputs
	y, dx, slope []float32 // buffers: outputs, input gradient, output tangent
	sums         []float64 // Σ dy by channel

	// Scratch for one sample.
	padded  []float32 // inputs; the frame stays zero
	spread  []float32 // padded input gradient
	cols    []float32 // [taps positions]
	wide    []float32 // outputs, [out positions]
	dwide   []float32 // output gradient, [out positions]; stays zero where no output is
	turned  []float32 // its transpose, [positions out]
	dweight []float32 // transpose of the weight gradient, [taps out]; of all samples
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
	grow(&c.cols, c.win.taps()*c.win.positions())
	grow(&c.padded, c.win.paddedSize())
	grow(&c.wide, c.out*c.win.positions())
	y := grow(&c.y, c.rows()*c.outSize())
	var bias []float32
	if c.bias != nil {
		bias = c.bias.v
	}
	for r := range c.rows() {
		acc := c.startFrom(bias)
		c.gather(x, r)
		c.product(c.weight.v, acc)
		c.win.narrow(c.output(y, r), c.wide)
	}
	return y
}

// Backward: dW = Σ dy·gather(x)ᵀ, each element one chain over samples and
// positions in order; db = Σ dy; dx = scatter(Wᵀ·dy).
func (c *conv) Backward(dy []float32) []float32 {
	taps, positions := c.win.taps(), c.win.positions()
	dwide := grow(&c.dwide, c.out*positions)
	var dx []float32
	if !c.first {
		dx = grow(&c.dx, len(c.x))
	}
	turned := grow(&c.turned, positions*c.out)
	dweight := grow(&c.dweight, taps*c.out)
	for r := range c.rows() {
		c.win.widen(dwide, c.output(dy, r))
		c.gather(c.x, r)
		// The transpose of dW, since turning dy is little work and turning
		// what the taps see is much.
		kernel.Transpose(turned, dwide, c.out, positions)
		kernel.MatMul(dweight, c.cols, turned, taps, c.out, positions, r > 0)
		if !c.first {
			kernel.MatMulTN(c.cols, c.weight.v, dwide, taps, positions, c.out, false)
			c.scatter(dx, r)
		}
	}
	kernel.Transpose(c.weight.g, dweight, taps, c.out)
	if c.bias != nil {
		sumChannels(c.sums, dy, c.win.area())
		for o, s := range c.sums {
			c.bias.g[o] = float32(s)
		}
	}
	return dx
}

// JVP: ẏ = Ẇ·gather(x) + W·gather(ẋ) + ḃ.
func (c *conv) JVP(dx, dir []float32) []float32 {
	dy := grow(&c.slope, c.rows()*c.outSize())
	var bias []float32
	if c.bias != nil {
		bias = c.bias.of(dir)
	}
	for r := range c.rows() {
		acc := c.startFrom(bias)
		c.gather(c.x, r)
		c.product(c.weight.of(dir), acc)
		if dx != nil {
			c.gather(dx, r)
			c.product(c.weight.v, true)
		}
		c.win.narrow(c.output(dy, r), c.wide)
	}
	return dy
}

// gather sets cols to what the taps see of sample r of x.
func (c *conv) gather(x []float32, r int) {
	size := c.win.inSize()
	c.win.gather(c.cols, c.win.frame(c.padded, x[r*size:][:size]))
}

// scatter sets sample r of dx to the sums of what cols has for each pixel.
func (c *conv) scatter(dx []float32, r int) {
	size := c.win.inSize()
	dx = dx[r*size:][:size]
	if c.win.pad == 0 {
		c.win.scatter(dx, c.cols)
		return
	}
	c.win.scatter(grow(&c.spread, c.win.paddedSize()), c.cols)
	c.win.unframe(dx, c.spread)
}

// product computes wide = weight·cols, or wide += weight·cols.
func (c *conv) product(weight []float32, acc bool) {
	kernel.MatMul(c.wide, weight, c.cols, c.out, c.win.positions(), c.win.taps(), acc)
}

// startFrom fills wide with the biases, if there are any, and reports whether
// it did: the chains of the product then start from them.
func (c *conv) startFrom(bias []float32) bool {
	positions := c.win.positions()
	for o, b := range bias {
		run := c.wide[o*positions:][:positions]
		for i := range run {
			run[i] = b
		}
	}
	return bias != nil
}

func (c *conv) rows() int    { return len(c.x) / c.win.inSize() }
func (c *conv) outSize() int { return c.out * c.win.area() }

// output returns sample r of the outputs y.
func (c *conv) output(y []float32, r int) []float32 { return y[r*c.outSize():][:c.outSize()] }

func (c *conv) params() []*param {
	if c.bias == nil {
		return []*param{c.weight}
	}
	return []*param{c.weight, c.bias}
}

func (c *conv) String() string {
	return fmt.Sprintf("conv %d -> %d, %dx%d, pad %d", c.win.channels, c.out, c.win.kernel, c.win.kernel, c.win.pad)
}
