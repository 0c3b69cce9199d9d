package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// conv is a convolution, sample by sample a matrix product with what the taps
// of the kernel see: y = W·see(x) + b, with x and y as channels, height, width
// and W as [out taps]. The kernels look at the framed image through a table of
// offsets, so see(x) is never written down.
type conv struct {
	win    window
	out    int    // channels
	weight *param // [out taps]
	bias   *param // [out]; nil if batch norm follows, which would undo it
	first  bool   // first layer: nobody asks for dx
	rectifier

	at   []int // what the taps see
	grid kernel.Grid
	back *adjoint // of dx

	x            []float32 // last inputs
	y, dx, slope []float32 // buffers: outputs, input gradient, output tangent
	sums         []kernel.Lanes

	// Scratch for one sample.
	framed  []float32 // inputs; the frame stays zero
	dframed []float32 // output gradient; the frame stays zero
	turned  []float32 // output gradient, transposed: [positions out]
	room    []float32 // inputs or outputs
	dweight []float32 // transpose of the weight gradient, [taps out]; of all samples
}

// newConv returns a layer whose weights start uniform in [-bound, bound).
func newConv(win window, out int, bound float64, bias, first bool) *conv {
	c := &conv{win: win, out: out, first: first, at: win.offsets(), grid: win.grid()}
	c.weight = &param{name: "weight", shape: tensor.Shape{out, win.taps()}, bound: bound}
	if bias {
		c.bias = &param{name: "bias", shape: tensor.Shape{out}}
		c.sums = make([]kernel.Lanes, out)
	}
	if !first {
		c.back = newAdjoint(win, out)
	}
	return c
}

func (c *conv) Forward(_ Pass, x []float32) []float32 {
	c.x = x
	y := grow(&c.y, c.rows()*c.outSize())
	for r := range c.rows() {
		out := c.output(y, r)
		kernel.MatMulGrid(out, c.weight.v, c.see(x, r), c.at, c.out, c.grid)
		if c.bias == nil {
			continue
		}
		for o, b := range c.bias.v {
			plane := out[o*c.win.area():][:c.win.area()]
			if c.rectified {
				kernel.AddScalarReLU(plane, b)
			} else {
				addScalar(plane, b)
			}
		}
	}
	if c.rectified && c.bias == nil {
		kernel.ReLU(y, y)
	}
	return y
}

// Backward: dW = Σ dy·see(x)ᵀ, each element one chain over samples and
// positions in order; db = Σ dy; dx is the adjoint's.
func (c *conv) Backward(dy []float32) []float32 {
	var dx []float32
	if !c.first {
		dx = grow(&c.dx, len(c.x))
		c.back.turn(c.weight.v)
	}
	clear(c.sums)
	turned := grow(&c.turned, c.outSize())
	dweight := grow(&c.dweight, c.win.taps()*c.out)
	for r := range c.rows() {
		d := c.output(dy, r)
		c.rectifyBackward(d, c.output(c.y, r))
		for o := range c.sums {
			c.sums[o].Add(d[o*c.win.area():][:c.win.area()])
		}
		// The transpose of dW, since the wide side of the product belongs to
		// the rows: there are more taps than channels.
		kernel.Transpose(turned, d, c.out, c.win.area())
		kernel.GridMatMul(dweight, c.see(c.x, r), turned, c.at, c.out, c.grid, r > 0)
		if !c.first {
			framed := c.back.frame(grow(&c.dframed, c.back.framedSize()), d)
			c.back.apply(c.input(dx, r), framed, grow(&c.room, c.win.inSize()))
		}
	}
	kernel.Transpose(c.weight.g, dweight, c.win.taps(), c.out)
	for o := range c.sums {
		c.bias.g[o] = float32(c.sums[o].Fold())
	}
	return dx
}

// JVP: ẏ = Ẇ·see(x) + W·see(ẋ) + ḃ.
func (c *conv) JVP(dx, dir []float32) []float32 {
	dy := grow(&c.slope, c.rows()*c.outSize())
	for r := range c.rows() {
		out := c.output(dy, r)
		kernel.MatMulGrid(out, c.weight.of(dir), c.see(c.x, r), c.at, c.out, c.grid)
		if dx != nil {
			second := grow(&c.room, c.outSize())
			kernel.MatMulGrid(second, c.weight.v, c.see(dx, r), c.at, c.out, c.grid)
			kernel.Add(out, second)
		}
		if c.bias != nil {
			for o, b := range c.bias.of(dir) {
				addScalar(out[o*c.win.area():][:c.win.area()], b)
			}
		}
	}
	if c.rectified {
		kernel.ReLUBackward(dy, dy, c.y)
	}
	return dy
}

// see returns sample r of x in its frame, in scratch memory: keeping all framed
// samples would have the products wait for memory on the way back, where a copy
// streams.
func (c *conv) see(x []float32, r int) []float32 {
	return c.win.frame(grow(&c.framed, c.win.framedSize()), c.input(x, r))
}

func addScalar(x []float32, s float32) {
	for i := range x {
		x[i] += s
	}
}

func (c *conv) rows() int    { return len(c.x) / c.win.inSize() }
func (c *conv) outSize() int { return c.out * c.win.area() }

// input returns sample r of the inputs x, output of the outputs y.
func (c *conv) input(x []float32, r int) []float32 {
	return x[r*c.win.inSize():][:c.win.inSize()]
}

func (c *conv) output(y []float32, r int) []float32 { return y[r*c.outSize():][:c.outSize()] }

func (c *conv) params() []*param {
	if c.bias == nil {
		return []*param{c.weight}
	}
	return []*param{c.weight, c.bias}
}

func (c *conv) String() string {
	s := fmt.Sprintf("conv %d -> %d, %dx%d, pad %d", c.win.channels, c.out, c.win.kernel, c.win.kernel, c.win.pad)
	if c.win.stride > 1 {
		s += fmt.Sprintf(", stride %d", c.win.stride)
	}
	return s
}
