package model

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// residual is a basic block of a residual network: y = relu(F(x) + shortcut(x)),
// with F two 3x3 convolutions, each with a norm, and a ReLU between them (He
// et al., "Deep residual learning for image recognition", CVPR 2016). The
// shortcut has no parameters (their option A): with a stride it takes every
// stride-th pixel, and channels that the input lacks are zero, half of them
// before its own and half behind.
type residual struct {
	in, out int // channels
	win     window
	branch  []layer

	rows int
	y    []float32 // last outputs, in the memory of the branch
}

// newNormFunc returns a norm layer of so many channels with so many positions,
// and where to tell it to do the ReLU behind it.
type newNormFunc func(channels, area int) (layer, *rectifier)

func newResidual(in, height, width, out, stride int, norm newNormFunc) *residual {
	first := window{channels: in, height: height, width: width, kernel: 3, pad: 1, stride: stride}
	second := window{channels: out, height: first.outHeight(), width: first.outWidth(), kernel: 3, pad: 1, stride: 1}
	inner, rectify := norm(out, first.area())
	rectify.rectified = true
	outer, _ := norm(out, second.area())
	return &residual{in: in, out: out, win: first, branch: named(
		"conv1.", newConv(first, out, heBound(first.taps()), false, false), "bn1.", inner,
		"conv2.", newConv(second, out, heBound(second.taps()), false, false), "bn2.", outer,
	)}
}

// named returns the layers of a list of names and layers; what a layer's
// parameters are called is its name and their own.
func named(list ...any) []layer {
	var layers []layer
	for i := 0; i < len(list); i += 2 {
		l := list[i+1].(layer)
		for _, p := range l.params() {
			p.name = list[i].(string) + p.name
		}
		layers = append(layers, l)
	}
	return layers
}

func (r *residual) Forward(p Pass, x []float32) []float32 {
	r.rows = len(x) / r.win.inSize()
	y := x
	for _, l := range r.branch {
		y = l.Forward(p, y)
	}
	if r.plain() {
		kernel.AddReLU(y, x)
	} else {
		r.shortcut(func(to, from int) { y[to] += x[from] })
		kernel.ReLU(y, y)
	}
	r.y = y
	return y
}

// Backward: what passes the ReLU goes through the branch and through the
// shortcut.
func (r *residual) Backward(dy []float32) []float32 {
	kernel.ReLUBackward(dy, dy, r.y)
	dx := dy
	for i := len(r.branch) - 1; i >= 0; i-- {
		dx = r.branch[i].Backward(dx) // in memory of its own
	}
	if r.plain() {
		kernel.Add(dx, dy)
	} else {
		r.shortcut(func(to, from int) { dx[from] += dy[to] })
	}
	return dx
}

// JVP: ẏ = Ḟ + shortcut(ẋ) where y > 0.
func (r *residual) JVP(dx, dir []float32) []float32 {
	dy := dx
	for _, l := range r.branch {
		dy = l.JVP(dy, dir)
	}
	if r.plain() {
		kernel.Add(dy, dx)
	} else {
		r.shortcut(func(to, from int) { dy[to] += dx[from] })
	}
	kernel.ReLUBackward(dy, dy, r.y)
	return dy
}

// plain tells whether the shortcut is the identity.
func (r *residual) plain() bool { return r.win.stride == 1 && r.in == r.out }

// shortcut calls f for each output that the shortcut reaches, with its place
// and that of the input it comes from.
func (r *residual) shortcut(f func(to, from int)) {
	w, s := r.win, r.win.stride
	for row := range r.rows {
		for c := range r.in {
			to := (row*r.out + (r.out-r.in)/2 + c) * w.area()
			from := (row*r.in + c) * w.inArea()
			for y := range w.outHeight() {
				for x := range w.outWidth() {
					f(to, from+y*s*w.width+x*s)
					to++
				}
			}
		}
	}
}

func (r *residual) params() []*param { return paramsOf(r.branch) }

// paramsOf lists the parameters of layers in order.
func paramsOf(layers []layer) []*param {
	var list []*param
	for _, l := range layers {
		list = append(list, l.params()...)
	}
	return list
}

func (r *residual) String() string {
	s := fmt.Sprintf("residual %d -> %d, 3x3", r.in, r.out)
	if r.win.stride > 1 {
		s += fmt.Sprintf(", stride %d", r.win.stride)
	}
	return s
}
