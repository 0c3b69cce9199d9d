package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// resMLP adds the residual part of ResNet for tables (Gorishniy et al.,
// "Revisiting deep learning models for tabular data", NeurIPS 2021): a dense
// layer to the width, blocks of twice that width inside, and a norm and a ReLU.
func (s *stack) resMLP(width, blocks int) {
	fanIn, shape := s.shape.TotalSize(), tensor.Shape{width}
	s.add(newDense(fanIn, width, glorotBound(fanIn, width), true, s.first()), shape)
	for range blocks {
		s.add(newSkip(s, width), shape)
	}
	if r := s.normalise(width, 1, nil); r != nil {
		r.rectified = true
		s.add(&relu{done: true}, shape)
	} else {
		s.add(&relu{}, shape)
	}
}

// skip is a residual block for tables:
//
//	y = x + dense2(dropout(relu(dense1(norm(x)))))
type skip struct {
	width, inner int
	branch       []layer

	dy []float32 // buffer: output gradient
}

// newSkip returns the next block of a stack.
func newSkip(s *stack, width int) *skip {
	k := &skip{width: width, inner: 2 * width}
	if n, _ := s.newNorm(width, 1); n != nil {
		k.branch = named("norm.", n)
	}
	d := newDense(width, k.inner, heBound(width), true, false)
	d.rectified = true
	k.branch = append(k.branch, named("dense1.", d)...)
	if s.cfg.Dropout > 0 {
		k.branch = append(k.branch, s.newDropout(k.inner))
	}
	k.branch = append(k.branch, named("dense2.", newDense(k.inner, width, glorotBound(k.inner, width), true, false))...)
	return k
}

func (k *skip) Forward(p Pass, x []float32) []float32 {
	y := x
	for _, l := range k.branch {
		y = l.Forward(p, y)
	}
	kernel.Add(y, x)
	return y
}

// Backward: dx = dy and what comes through the branch.
func (k *skip) Backward(dy []float32) []float32 {
	d := grow(&k.dy, len(dy))
	copy(d, dy) // what it passes may overwrite it
	for i := len(k.branch) - 1; i >= 0; i-- {
		d = k.branch[i].Backward(d)
	}
	kernel.Add(d, dy)
	return d
}

// JVP: ẏ = ẋ and what comes through the branch.
func (k *skip) JVP(dx, dir []float32) []float32 {
	dy := dx
	for _, l := range k.branch {
		dy = l.JVP(dy, dir)
	}
	kernel.Add(dy, dx)
	return dy
}

func (k *skip) params() []*param { return paramsOf(k.branch) }

func (k *skip) String() string {
	return fmt.Sprintf("residual %d -> %d -> %d", k.width, k.inner, k.width)
}
