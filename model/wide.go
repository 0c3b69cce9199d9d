package model

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// wide is a block of a wide residual network: with h = relu(norm(x)),
//
//	y = conv2(relu(norm(conv1(h)))) + shortcut
//
// where the shortcut is x, or, if the shape changes, a 1x1 convolution of h (He
// et al., "Identity mappings in deep residual networks", 2016).
type wide struct {
	in, out int // channels
	win     window
	before  layer // the norm and ReLU in front
	branch  []layer
	project *conv // nil: the shortcut is x

	dy []float32 // buffer: output gradient
}

func newWide(in, height, width, out, stride int, norm newNormFunc) *wide {
	first := window{channels: in, height: height, width: width, kernel: 3, pad: 1, stride: stride}
	second := window{channels: out, height: first.outHeight(), width: first.outWidth(), kernel: 3, pad: 1, stride: 1}
	before, rectify := norm(in, first.inArea())
	rectify.rectified = true
	inner, rectify := norm(out, first.area())
	rectify.rectified = true
	w := &wide{in: in, out: out, win: first, before: named("bn1.", before)[0], branch: named(
		"conv1.", newConv(first, out, heBound(first.taps()), false, false), "bn2.", inner,
		"conv2.", newConv(second, out, heBound(second.taps()), false, false),
	)}
	if in != out || stride != 1 {
		one := window{channels: in, height: height, width: width, kernel: 1, stride: stride}
		w.project = newConv(one, out, heBound(in), false, false)
		named("shortcut.", w.project)
	}
	return w
}

func (w *wide) Forward(p Pass, x []float32) []float32 {
	h := w.before.Forward(p, x)
	y := h
	for _, l := range w.branch {
		y = l.Forward(p, y)
	}
	if w.project != nil {
		x = w.project.Forward(p, h)
	}
	kernel.Add(y, x)
	return y
}

// Backward: dy goes through the branch and through the shortcut.
func (w *wide) Backward(dy []float32) []float32 {
	d := grow(&w.dy, len(dy))
	copy(d, dy) // what it passes may overwrite it
	for i := len(w.branch) - 1; i >= 0; i-- {
		d = w.branch[i].Backward(d)
	}
	if w.project != nil {
		kernel.Add(d, w.project.Backward(dy))
		return w.before.Backward(d)
	}
	dx := w.before.Backward(d)
	kernel.Add(dx, dy)
	return dx
}

// JVP: ẏ = Ḟ + the tangent of the shortcut.
func (w *wide) JVP(dx, dir []float32) []float32 {
	h := w.before.JVP(dx, dir)
	dy := h
	for _, l := range w.branch {
		dy = l.JVP(dy, dir)
	}
	if w.project != nil {
		dx = w.project.JVP(h, dir)
	}
	kernel.Add(dy, dx)
	return dy
}

func (w *wide) params() []*param {
	list := append(w.before.params(), paramsOf(w.branch)...)
	if w.project != nil {
		list = append(list, w.project.params()...)
	}
	return list
}

func (w *wide) String() string {
	s := fmt.Sprintf("wide residual %d -> %d, 3x3", w.in, w.out)
	if w.win.stride > 1 {
		s += fmt.Sprintf(", stride %d", w.win.stride)
	}
	return s
}
