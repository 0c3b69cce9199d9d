package model

import "github.com/ballast-ml/ballast/internal/kernel"

// adjoint is the geometry of a convolution's gradient by its inputs, which is
// a convolution of the output gradient: pixel y of the framed image is seen by
// tap k at output (y-k)/stride, if that is whole. So the pixels of each phase
// (window) see taps of their own, and their gradient is a product with a grid
// over the output gradient in a frame of zeros.
type adjoint struct {
	window
	out         int // channels
	top, left   int // frame of the output gradient
	rows, pitch int // of a framed plane of it
	phases      []phase
}

// phase is the pixels of one phase of the image that are not frame.
type phase struct {
	first  [2]int // their first row and column in the image
	grid   kernel.Grid
	at     []int     // what each tap sees at the first pixel, by output channel and tap
	taps   []int     // of one channel: their places in the kernel
	weight []float32 // [channels len(at)]
}

// span is the pixels of one phase along one axis.
type span struct{ first, count, start, taps, before, after int }

// along returns phase a of the axis with size pixels and outs outputs: the
// first pixel in the image, the number of them, the output that tap 0 sees
// there, the number of taps, and how many outputs before the first and behind
// the last are seen.
func (w window) along(a, size, outs int) span {
	start := (w.pad - a + w.stride - 1) / w.stride // smallest with start·stride + a >= pad
	s := span{start: start, first: start*w.stride + a - w.pad}
	s.count = (size - s.first + w.stride - 1) / w.stride
	s.taps = (w.kernel - a + w.stride - 1) / w.stride
	s.before = max(0, s.taps-1-start)
	s.after = max(0, start+s.count-outs)
	return s
}

func newAdjoint(w window, out int) *adjoint {
	a := &adjoint{window: w, out: out}
	var below, right int
	for i := range w.stride {
		y, x := w.along(i, w.height, w.outHeight()), w.along(i, w.width, w.outWidth())
		a.top, below = max(a.top, y.before), max(below, y.after)
		a.left, right = max(a.left, x.before), max(right, x.after)
	}
	a.rows, a.pitch = a.top+w.outHeight()+below, a.left+w.outWidth()+right
	for i := range w.stride {
		for j := range w.stride {
			y, x := w.along(i, w.height, w.outHeight()), w.along(j, w.width, w.outWidth())
			a.phases = append(a.phases, a.phase(i, j, y, x))
		}
	}
	return a
}

func (a *adjoint) phase(i, j int, y, x span) phase {
	p := phase{first: [2]int{y.first, x.first}, grid: kernel.Grid{Rows: y.count, Cols: x.count, Pitch: a.pitch}}
	for o := range a.out {
		for ky := range y.taps {
			for kx := range x.taps {
				row, col := a.top+y.start-ky, a.left+x.start-kx
				p.at = append(p.at, (o*a.rows+row)*a.pitch+col)
				if o == 0 {
					p.taps = append(p.taps, (i+ky*a.stride)*a.kernel+j+kx*a.stride)
				}
			}
		}
	}
	p.weight = make([]float32, a.channels*len(p.at))
	return p
}

// turn takes the weights, [out taps], apart for the phases.
func (a *adjoint) turn(weight []float32) {
	square := a.kernel * a.kernel
	for i := range a.phases {
		p := &a.phases[i]
		w := p.weight
		for c := range a.channels {
			for o := range a.out {
				from := weight[(o*a.channels+c)*square:][:square]
				for k, t := range p.taps {
					w[k] = from[t]
				}
				w = w[len(p.taps):]
			}
		}
	}
}

func (a *adjoint) framedSize() int { return a.out * a.rows * a.pitch }

// frame returns a sample's output gradient in its frame: framed, whose frame is
// zero already.
func (a *adjoint) frame(framed, dy []float32) []float32 {
	for o := range a.out {
		kernel.CopyRows(framed[(o*a.rows+a.top)*a.pitch+a.left:], a.pitch,
			dy[o*a.area():], a.outWidth(), a.outHeight(), a.outWidth())
	}
	return framed
}

// apply sets dx, a sample's input gradient, from its framed output gradient. It
// needs room for a sample if the stride is not 1.
func (a *adjoint) apply(dx, framed, room []float32) {
	for i := range a.phases {
		p := &a.phases[i]
		if a.stride == 1 {
			kernel.MatMulGrid(dx, p.weight, framed, p.at, a.channels, p.grid)
			continue
		}
		kernel.MatMulGrid(room, p.weight, framed, p.at, a.channels, p.grid)
		from := room
		for c := range a.channels {
			for r := range p.grid.Rows {
				to := dx[c*a.inArea()+(p.first[0]+r*a.stride)*a.width+p.first[1]:]
				for j, v := range from[:p.grid.Cols] {
					to[j*a.stride] = v
				}
				from = from[p.grid.Cols:]
			}
		}
	}
}
