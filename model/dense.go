package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// dense is y = x·W + b for each row. W is stored [in, out]: then the forward
// product and the weight gradient read every matrix along its rows.
type dense struct {
	in, out int
	weight  *param // [in out]
	bias    *param // [out]; nil if batch norm follows, which would undo it
	first   bool   // first layer: nobody asks for dx

	rectifier

	x            []float32 // last inputs
	y, dx, slope []float32 // buffers: outputs, input gradient, output tangent
}

// newDense returns a layer whose weights start uniform in [-bound, bound).
func newDense(in, out int, bound float64, bias, first bool) *dense {
	d := &dense{in: in, out: out, first: first}
	d.weight = &param{name: "weight", shape: tensor.Shape{in, out}, bound: bound}
	if bias {
		d.bias = &param{name: "bias", shape: tensor.Shape{out}}
	}
	return d
}

func (d *dense) Forward(_ Pass, x []float32) []float32 {
	rows := len(x) / d.in
	d.x = x
	y := grow(&d.y, rows*d.out)
	kernel.MatMul(y, x, d.weight.v, rows, d.out, d.in, false)
	switch {
	case d.bias != nil && d.rectified:
		kernel.AddRowReLU(y, d.bias.v, rows, d.out)
	case d.bias != nil:
		kernel.AddRow(y, d.bias.v, rows, d.out)
	case d.rectified:
		kernel.ReLU(y, y)
	}
	return y
}

// Backward: dW = xᵀ·dy, each element one chain over the samples in order;
// db = Σ dy; dx = dy·Wᵀ.
func (d *dense) Backward(dy []float32) []float32 {
	rows := len(dy) / d.out
	d.rectifyBackward(dy, d.y)
	kernel.MatMulTN(d.weight.g, d.x, dy, d.in, d.out, rows, false)
	if d.bias != nil {
		clear(d.bias.g)
		kernel.SumRows(d.bias.g, dy, rows, d.out)
	}
	if d.first {
		return nil
	}
	dx := grow(&d.dx, rows*d.in)
	kernel.MatMulNT(dx, dy, d.weight.v, rows, d.in, d.out, false)
	return dx
}

// JVP: ẏ = x·Ẇ + ẋ·W + ḃ.
func (d *dense) JVP(dx, dir []float32) []float32 {
	rows := len(d.x) / d.in
	dy := grow(&d.slope, rows*d.out)
	kernel.MatMul(dy, d.x, d.weight.of(dir), rows, d.out, d.in, false)
	if dx != nil {
		kernel.MatMul(dy, dx, d.weight.v, rows, d.out, d.in, true)
	}
	if d.bias != nil {
		kernel.AddRow(dy, d.bias.of(dir), rows, d.out)
	}
	if d.rectified {
		kernel.ReLUBackward(dy, dy, d.y)
	}
	return dy
}

func (d *dense) params() []*param {
	if d.bias == nil {
		return []*param{d.weight}
	}
	return []*param{d.weight, d.bias}
}

func (d *dense) String() string { return fmt.Sprintf("dense %d -> %d", d.in, d.out) }
