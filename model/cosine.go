package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// cosine is a last layer without lengths: y_j = s·cos(x, w_j), of each row with
// each column of W, [in out]. A class is then no likelier for a long column,
// which is what frequent classes get. A row of zeros has the cosine 0 with
// everything, and no gradient.
type cosine struct {
	in, out int
	scale   float32
	weight  *param // [in out]
	first   bool   // first layer: nobody asks for dx

	xn, wn       []float32 // directions of the rows and of the columns
	xlen, wlen   []float64 // one over their lengths
	y, dx, slope []float32 // buffers, as in dense
	dy, turn     []float32 // scaled cotangents, tangents of directions
	dots         []float64
}

func newCosine(in, out int, scale float32, first bool) *cosine {
	return &cosine{in: in, out: out, scale: scale, first: first,
		weight: &param{name: "weight", shape: tensor.Shape{in, out}, bound: glorotBound(in, out)}}
}

func (c *cosine) Forward(_ Pass, x []float32) []float32 {
	rows := len(x) / c.in
	c.xlen, c.wlen = grow64(&c.xlen, rows), grow64(&c.wlen, c.out)
	c.dots = grow64(&c.dots, max(rows, c.out))
	directRows(grow(&c.xn, len(x)), c.xlen, x, c.in)
	directColumns(grow(&c.wn, len(c.weight.v)), c.wlen, c.weight.v, c.out)
	y := grow(&c.y, rows*c.out)
	kernel.MatMul(y, c.xn, c.wn, rows, c.out, c.in, false)
	kernel.ScaleTo(y, c.scale, y)
	return y
}

// Backward takes out of each gradient by a direction what would only change a
// length, and divides by the length.
func (c *cosine) Backward(dy []float32) []float32 {
	rows := len(dy) / c.out
	d := grow(&c.dy, len(dy))
	kernel.ScaleTo(d, c.scale, dy)
	kernel.MatMulTN(c.weight.g, c.xn, d, c.in, c.out, rows, false)
	turnColumns(c.weight.g, c.wn, c.wlen, c.dots[:c.out], c.out)
	if c.first {
		return nil
	}
	dx := grow(&c.dx, rows*c.in)
	kernel.MatMulNT(dx, d, c.wn, rows, c.in, c.out, false)
	turnRows(dx, c.xn, c.xlen, c.in)
	return dx
}

// JVP: the directions turn as gradients do in Backward.
func (c *cosine) JVP(dx, dir []float32) []float32 {
	rows := len(c.xn) / c.in
	dy := grow(&c.slope, rows*c.out)
	turn := grow(&c.turn, len(c.wn))
	copy(turn, c.weight.of(dir))
	turnColumns(turn, c.wn, c.wlen, c.dots[:c.out], c.out)
	kernel.MatMul(dy, c.xn, turn, rows, c.out, c.in, false)
	if dx != nil {
		turnRows(dx, c.xn, c.xlen, c.in)
		kernel.MatMul(dy, dx, c.wn, rows, c.out, c.in, true)
	}
	kernel.ScaleTo(dy, c.scale, dy)
	return dy
}

func (c *cosine) params() []*param { return []*param{c.weight} }

func (c *cosine) String() string {
	return fmt.Sprintf("cosine %d -> %d, times %v", c.in, c.out, c.scale)
}

// directRows sets the rows of dst to the directions of those of x, of the given
// width, and inverse to one over their lengths; to 0 where there is none.
func directRows(dst []float32, inverse []float64, x []float32, width int) {
	for r := range inverse {
		row := x[r*width:][:width]
		var square float64
		for _, v := range row {
			square += float64(float64(v) * float64(v))
		}
		inverse[r] = overRoot(square)
		for i, v := range row {
			dst[r*width+i] = float32(float64(v) * inverse[r])
		}
	}
}

// directColumns is directRows for the columns of w.
func directColumns(dst []float32, inverse []float64, w []float32, columns int) {
	clear(inverse)
	for i, v := range w {
		inverse[i%columns] += float64(float64(v) * float64(v))
	}
	for j, square := range inverse {
		inverse[j] = overRoot(square)
	}
	for i, v := range w {
		dst[i] = float32(float64(v) * inverse[i%columns])
	}
}

func overRoot(square float64) float64 {
	if square == 0 {
		return 0
	}
	return 1 / math.Sqrt(square)
}

// turnRows sets each row of d to (d - n·⟨n,d⟩)/length for its direction n.
func turnRows(d, direction []float32, inverse []float64, width int) {
	for r, over := range inverse {
		row, n := d[r*width:][:width], direction[r*width:][:width]
		var dot float64
		for i, v := range row {
			dot += float64(float64(v) * float64(n[i]))
		}
		for i, v := range row {
			row[i] = float32(float64((float64(v) - float64(dot*float64(n[i]))) * over))
		}
	}
}

// turnColumns is turnRows for columns; dots is scratch, one for each.
func turnColumns(d, direction []float32, inverse, dots []float64, columns int) {
	clear(dots)
	for i, v := range d {
		dots[i%columns] += float64(float64(v) * float64(direction[i]))
	}
	for i, v := range d {
		j := i % columns
		d[i] = float32(float64((float64(v) - float64(dots[j]*float64(direction[i]))) * inverse[j]))
	}
}

// grow64 is grow for float64.
func grow64(buf *[]float64, n int) []float64 {
	if cap(*buf) < n {
		*buf = make([]float64, n)
	}
	*buf = (*buf)[:n]
	return *buf
}
