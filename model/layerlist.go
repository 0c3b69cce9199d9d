package model

import (
	"errors"
	"fmt"
	"strings"

	"gorgonia.org/tensor"
)

// parseLayers reads ":" and a list of layers, separated by "/", from the input
// up; the last layer, to the classes, is not in it:
//
//	dense=WIDTH          a hidden layer, with its norm, ReLU and dropout
//	conv=OUT             a 3x3 convolution with its norm and ReLU
//	conv=OUTxSIZE        the same with kernels of another, odd, size
//	pool=max, pool=avg   over 2x2 squares
//	pool=mean            of each channel
//	resmlp=WIDTHxBLOCKS  as the architecture of this name
func parseLayers(arg string) (arch, error) {
	text, ok := strings.CutPrefix(arg, ":")
	if !ok || text == "" {
		return arch{}, errors.New("want layers:LAYER/LAYER/... such as layers:conv=16x5/pool=max/dense=64")
	}
	items := strings.Split(text, "/")
	if len(items) > maxHidden {
		return arch{}, fmt.Errorf("%d layers, more than %d", len(items), maxHidden)
	}
	var add []func(s *stack) error
	for i, item := range items {
		f, err := parseLayer(item)
		if err != nil {
			return arch{}, fmt.Errorf("layer %d, %q: %w", i+1, item, err)
		}
		add = append(add, f)
	}
	return arch{norm: "none", build: func(s *stack) error {
		for i, f := range add {
			if err := f(s); err != nil {
				return fmt.Errorf("model: layer %d, %q: %w", i+1, items[i], err)
			}
		}
		return nil
	}}, nil
}

// parseLayer returns what adds the layer to a stack.
func parseLayer(item string) (func(s *stack) error, error) {
	kind, arg, _ := strings.Cut(item, "=")
	first, second, two := strings.Cut(arg, "x")
	a, err := whole("number", first, maxWidth)
	b := 3
	if two && err == nil {
		b, err = whole("number", second, maxHidden)
	}
	switch {
	case kind == "pool" && (arg == "max" || arg == "avg" || arg == "mean"):
		return func(s *stack) error { return s.addPool(arg) }, nil
	case kind == "dense" && !two:
		return func(s *stack) error { s.hidden(a); return nil }, err
	case kind == "resmlp" && two:
		return func(s *stack) error { s.resMLP(a, b); return nil }, err
	case kind == "conv" && (!two || b != 3) && b%2 == 1:
		return func(s *stack) error { return s.addConv(a, b) }, err
	}
	return nil, errors.New("want dense=WIDTH, conv=OUT, conv=OUTxSIZE with an odd size other than 3, pool=max, pool=avg, pool=mean or resmlp=WIDTHxBLOCKS")
}

// image reports that the last layer's output is no image of at least so many
// rows and columns.
func (s *stack) image(least int) error {
	if len(s.shape) != 3 || s.shape[1] < least || s.shape[2] < least {
		return fmt.Errorf("what it gets has shape %v: want an image [channels height width] of at least %dx%d", s.shape, least, least)
	}
	return nil
}

func (s *stack) addConv(out, size int) error {
	if err := s.image(1); err != nil {
		return err
	}
	s.convolve(out, size, size/2)
	return nil
}

// addPool leaves the derivative of a ReLU to a max pool right behind it.
func (s *stack) addPool(kind string) error {
	least := 2
	if kind == "mean" {
		least = 1
	}
	if err := s.image(least); err != nil {
		return err
	}
	switch {
	case kind == "mean":
		s.add(&meanPool{area: s.area()}, tensor.Shape{s.shape[0]})
	case kind == "max" && !s.behindReLU():
		h := halves{height: s.shape[1], width: s.shape[2]}
		s.add(&maxPool{halves: h}, tensor.Shape{s.shape[0], h.outHeight(), h.outWidth()})
	default:
		s.pool(kind == "avg")
	}
	return nil
}

func (s *stack) behindReLU() bool {
	if len(s.layers) == 0 {
		return false
	}
	_, ok := s.layers[len(s.layers)-1].(*relu)
	return ok
}
