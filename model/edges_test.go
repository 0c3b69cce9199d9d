package model

import (
	"math"
	"testing"
)

// TestReLUEdges: relu(-0) = +0, NaN stays, and so does what lies on either
// side of 0.
func TestReLUEdges(t *testing.T) {
	negativeZero := float32(math.Copysign(0, -1))
	x := []float32{negativeZero, 0, -1, 2, float32(math.NaN()), float32(math.Inf(-1)), float32(math.Inf(1))}
	y := (&relu{}).Forward(Pass{}, x)
	want := []float32{0, 0, 0, 2, 0, 0, float32(math.Inf(1))}
	if !isNaN(y[4]) {
		t.Error("NaN was dropped")
	}
	y[4] = 0
	if !sameBits(y, want) {
		t.Errorf("relu: %v, want %v", y, want)
	}
}

// TestMaxPoolEdges: NaN wins wherever it stands; of equal values the first one
// gets the gradient.
func TestMaxPoolEdges(t *testing.T) {
	for i := range 4 {
		x := []float32{1, 2, 3, 4}
		x[i] = float32(math.NaN())
		p := &maxPool{halves: halves{2, 2}}
		if y := p.Forward(Pass{}, x); !isNaN(y[0]) {
			t.Errorf("NaN in place %d: maximum %v", i, y[0])
		}
		if dx := p.Backward([]float32{5}); dx[3] != 5 {
			t.Errorf("NaN in place %d: gradient %v", i, dx)
		}
	}
	p := &maxPool{halves: halves{2, 2}}
	p.Forward(Pass{}, []float32{1, 7, 7, 7})
	if dx := p.Backward([]float32{5}); dx[1] != 5 {
		t.Errorf("gradient %v, want it at the first maximum", dx)
	}
}
