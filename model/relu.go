package model

import "github.com/ballast-ml/ballast/internal/kernel"

// relu is y = max(x, 0), element by element: +0 for -0, NaN for NaN. Its
// derivative at 0 is taken as 0. It works in place.
//
// If done is set, the layer before does all of that while it has the numbers at
// hand, and this one only has its number in the list.
type relu struct {
	done bool
	y    []float32 // last outputs
}

func (r *relu) Forward(_ Pass, x []float32) []float32 {
	if !r.done {
		kernel.ReLU(x, x)
		r.y = x
	}
	return x
}

// Backward: dx = dy where y > 0.
func (r *relu) Backward(dy []float32) []float32 {
	if !r.done {
		kernel.ReLUBackward(dy, dy, r.y)
	}
	return dy
}

// JVP: ẏ = ẋ where y > 0. The derivative is diagonal, so this is Backward.
func (r *relu) JVP(dx, _ []float32) []float32 { return r.Backward(dx) }

func (r *relu) params() []*param { return nil }

func (r *relu) String() string { return "relu" }

// rectifier is embedded by layers that can do the ReLU behind them.
type rectifier struct {
	rectified bool // the layer does it
	masked    bool // but for its derivative in Backward, which is done behind it
}

// rectifyBackward turns the gradient by the ReLU's outputs y into that by its
// inputs, in place.
func (r *rectifier) rectifyBackward(dy, y []float32) {
	if r.rectified && !r.masked {
		kernel.ReLUBackward(dy, dy, y)
	}
}
