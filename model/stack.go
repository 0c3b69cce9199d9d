package model

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"
)

// stack builds the layers of an architecture, from the input up.
type stack struct {
	cfg    Config
	shape  tensor.Shape // of one sample after the layers so far
	layers []layer
	shapes []tensor.Shape // of one sample after each layer
	member int            // of an ensemble
	masked *bool          // of the layer that does the last ReLU
	norm   normWord
	err    error // of a layer that could not be made as asked
}

// assemble returns the layers of a valid configuration, one member behind the
// other; their parameters have no memory yet.
func assemble(cfg Config) (*stack, error) {
	a, err := parseArch(cfg.Arch)
	if err != nil {
		return nil, err
	}
	if cfg.Norm == "" {
		cfg.Norm = a.norm
	}
	norm, err := parseNorm(cfg.Norm)
	if err != nil {
		return nil, err
	}
	whole := &stack{cfg: cfg}
	for m := range cfg.members() {
		s := &stack{cfg: cfg, shape: tensor.Shape(cfg.Input), norm: norm, member: m}
		if err := s.build(a); err != nil {
			return nil, err
		}
		whole.layers, whole.shapes = append(whole.layers, s.layers...), s.shapes
	}
	return whole, nil
}

// build adds the layers of an architecture.
func (s *stack) build(a arch) error {
	cfg := s.cfg
	if len(cfg.Fields) > 0 {
		f := newFields(cfg.Fields)
		s.add(f, tensor.Shape{f.out})
	}
	if err := errors.Join(a.build(s), s.err); err != nil {
		return err
	}
	s.head()
	return nil
}

// head adds the last layer.
func (s *stack) head() {
	fanIn, classes := s.shape.TotalSize(), s.cfg.Classes
	var last layer = newDense(fanIn, classes, glorotBound(fanIn, classes), true, s.first())
	if s.cfg.Cosine > 0 {
		last = newCosine(fanIn, classes, s.cfg.Cosine, s.first())
	}
	s.add(last, tensor.Shape{classes})
}

// lenet adds the convolutional part of LeNet-5 (LeCun et al., 1998) with ReLU.
func (s *stack) lenet(average bool) error {
	const least = 12 // one position is left after both poolings
	if len(s.shape) != 3 || s.shape[1] < least || s.shape[2] < least {
		return fmt.Errorf("model: lenet needs images [channels height width] of at least %dx%d pixels, but a sample has shape %v: use mlp or logistic",
			least, least, s.cfg.Input)
	}
	s.convolve(6, 5, 2)
	s.pool(average)
	s.convolve(16, 5, 0)
	s.pool(average)
	s.hidden(120, 84)
	return nil
}

// convolve adds a hidden convolution with its norm and ReLU.
func (s *stack) convolve(out, kernel, pad int) {
	win := window{channels: s.shape[0], height: s.shape[1], width: s.shape[2], kernel: kernel, pad: pad, stride: 1}
	shape := tensor.Shape{out, win.outHeight(), win.outWidth()}
	c := newConv(win, out, heBound(win.taps()), s.norm.kind == "none", s.first())
	s.add(c, shape)
	s.rectify(out, win.area(), &c.rectifier)
}

// pool adds a pooling layer over 2x2 squares.
func (s *stack) pool(average bool) {
	h := halves{height: s.shape[1], width: s.shape[2]}
	shape := tensor.Shape{s.shape[0], h.outHeight(), h.outWidth()}
	if average {
		s.add(&avgPool{halves: h}, shape)
	} else {
		// The place of a maximum passes the ReLU if the maximum does.
		s.add(&maxPool{halves: h, rectified: true}, shape)
		*s.masked = true
	}
}

// hidden adds hidden dense layers with their norm, ReLU and dropout.
func (s *stack) hidden(widths ...int) {
	for _, width := range widths {
		fanIn, shape := s.shape.TotalSize(), tensor.Shape{width}
		d := newDense(fanIn, width, heBound(fanIn), s.norm.kind == "none", s.first())
		s.add(d, shape)
		s.rectify(width, 1, &d.rectifier)
		s.drop()
	}
}

// drop adds dropout, if the configuration asks for it.
func (s *stack) drop() {
	if s.cfg.Dropout > 0 {
		s.add(s.newDropout(s.shape.TotalSize()), s.shape)
	}
}

// newDropout returns the dropout of so many activations in the next layer, with
// masks that no other layer of any member has.
func (s *stack) newDropout(width int) *dropout {
	return newDropout(width, s.cfg.Dropout, s.cfg.Seed, s.member<<32|len(s.layers))
}

// rectify adds the norm, if the configuration asks for one, and a ReLU, which is
// done by the layer before: the norm, or the one whose rectifier is given.
func (s *stack) rectify(channels, area int, r *rectifier) {
	r = s.normalise(channels, area, r)
	r.rectified, s.masked = true, &r.masked
	s.add(&relu{done: true}, s.shape)
}

// first tells whether nobody asks the next layer for its input gradient: no
// layer before it has parameters.
func (s *stack) first() bool { return len(paramsOf(s.layers)) == 0 }

func (s *stack) add(l layer, shape tensor.Shape) {
	s.layers = append(s.layers, l)
	s.shapes = append(s.shapes, shape)
	s.shape = shape
}
