package model

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
)

// layerCase is one layer under the laws of TestLayers. A new layer joins by
// adding a line.
type layerCase struct {
	name     string
	layer    layer
	rows, in int
	pass     Pass
	// step of the central differences, a power of two: the grid below makes
	// the moved points exact. Layers that are linear in each argument have no
	// truncation error, so a wide step leaves only rounding; norm is smooth but
	// curved.
	step float64
	// tol is the largest error of a difference. Rounding: results are sums of
	// some 50 terms near 1, 50·6e-8/step ~ 1e-5; for norm the truncation, near
	// step²·third derivative/6 ~ 1e-3, rules.
	tol float64
	// spaced inputs lie further apart, and from 0, than two steps, so that no
	// difference crosses a kink.
	spaced bool
}

func layerCases() []layerCase {
	train := Pass{Train: true, Step: 3, First: 7}
	linear := func(name string, l layer, rows, in int) layerCase {
		return layerCase{name: name, layer: l, rows: rows, in: in, pass: train, step: 0.25, tol: 1e-4}
	}
	kinked := func(name string, l layer, rows, in int) layerCase {
		return layerCase{name: name, layer: l, rows: rows, in: in, pass: train, step: 1. / 16, tol: 1e-4, spaced: true}
	}
	curved := func(name string, l layer, rows, in int, pass Pass) layerCase {
		return layerCase{name: name, layer: l, rows: rows, in: in, pass: pass, step: 1. / 64, tol: 5e-3}
	}
	return []layerCase{
		linear("dense", newDense(5, 4, 1, true, false), 3, 5),
		linear("dense 1 row", newDense(7, 3, 1, true, false), 1, 7),
		linear("dense without bias", newDense(5, 4, 1, false, false), 3, 5),
		linear("conv 5x5 pad 2", newConv(window{2, 4, 3, 5, 2, 1}, 3, 1, true, false), 2, 2*4*3),
		linear("conv 5x5", newConv(window{2, 6, 7, 5, 0, 1}, 2, 1, true, false), 2, 2*6*7),
		linear("conv 3x3 pad 1 without bias", newConv(window{1, 4, 5, 3, 1, 1}, 2, 1, false, false), 3, 4*5),
		linear("conv 2x2", newConv(window{3, 3, 3, 2, 0, 1}, 2, 1, true, false), 2, 3*3*3),
		linear("conv 3x3 stride 2 pad 1", newConv(window{2, 6, 8, 3, 1, 2}, 3, 1, false, false), 2, 2*6*8),
		linear("conv 3x3 stride 2, odd", newConv(window{2, 5, 7, 3, 0, 2}, 2, 1, true, false), 2, 2*5*7),
		linear("conv 5x5 stride 3 pad 2", newConv(window{1, 8, 7, 5, 2, 3}, 2, 1, true, false), 3, 8*7),
		linear("conv 1x1 pad 1", newConv(window{2, 3, 4, 1, 1, 1}, 3, 1, true, false), 2, 2*3*4),
		linear("average pool, odd", &avgPool{halves: halves{5, 7}}, 4, 5*7),
		linear("dropout", newDropout(6, 0.4, 1, 2), 4, 6),
		{name: "dropout in evaluation", layer: newDropout(6, 0.4, 1, 2), rows: 4, in: 6, step: 0.25, tol: 1e-4},
		kinked("max pool, odd", &maxPool{halves: halves{5, 7}}, 4, 5*7),
		kinked("max pool", &maxPool{halves: halves{2, 4}}, 3, 2*4),
		kinked("relu", &relu{}, 3, 5),
		linear("mean of each channel", &meanPool{area: 6}, 2, 3*6),
		curved("batch norm, dense", newNorm(3, 1), 6, 3, train),
		curved("batch norm, conv", newNorm(2, 9), 3, 2*9, train),
		curved("layer norm", newGroupNorm(5, 1, 1), 3, 5, train),
		curved("group norm, dense", newGroupNorm(8, 1, 2), 3, 8, train),
		curved("group norm, conv", newGroupNorm(4, 6, 2), 2, 4*6, train),
		curved("cosine", newCosine(5, 3, 2, false), 4, 5, train),
		curved("batch norm in evaluation", newNorm(2, 3), 3, 2*3, Pass{}),
	}
}

// TestLayers holds each layer to finite differences and to the adjoint law
// ⟨c, JVP(ẋ, θ̇)⟩ = ⟨Backward(c), (ẋ, θ̇)⟩.
func TestLayers(t *testing.T) {
	for _, c := range layerCases() {
		t.Run(c.name, func(t *testing.T) {
			b := newLayerBench(c)
			b.gradientByInputs(t)
			b.gradientByParams(t)
			b.adjoint(t)
			b.repeatable(t)
		})
	}
}

// TestResidual holds blocks to the laws that do not mind kinks; TestSlopes
// compares them with differences.
func TestResidual(t *testing.T) {
	for _, pass := range []Pass{{Train: true}, {}} {
		for _, r := range blockCases() {
			b := newLayerBench(layerCase{layer: r.layer, rows: 3, in: r.in, pass: pass})
			b.adjoint(t)
			b.repeatable(t)
		}
	}
}

// block is a residual block and the size of its input.
type block struct {
	layer
	in int
}

func blockCases() []block {
	var list []block
	for _, norm := range []string{"batch", "layer", "group:2"} {
		s := &stack{cfg: Config{Dropout: 0.3}}
		s.norm, _ = parseNorm(norm)
		for _, c := range [][5]int{{2, 4, 5, 2, 1}, {2, 4, 6, 4, 2}, {4, 6, 4, 4, 2}} {
			in := c[0] * c[1] * c[2]
			list = append(list, block{newResidual(c[0], c[1], c[2], c[3], c[4], s.newNorm), in},
				block{newWide(c[0], c[1], c[2], c[3], c[4], s.newNorm), in})
		}
		list = append(list, block{newSkip(s, 6), 6})
	}
	return list
}

// layerBench is a layer with vectors, inputs x and a cotangent of its outputs.
type layerBench struct {
	layerCase
	vectors
	x, cotangent []float32
	rand         *rand.Rand
}

func newLayerBench(c layerCase) *layerBench {
	b := &layerBench{layerCase: c, rand: rand.New(rand.NewPCG(1, 2))}
	p, r := measure([]layer{c.layer})
	b.vectors = vectors{make([]float32, p), make([]float32, p), make([]float32, r), make([]float32, r)}
	b.bind([]layer{c.layer})
	b.fill(b.params)
	for i := range b.running {
		b.running[i] = 0.5 + b.rand.Float32() // a variance must be positive
	}
	b.x = make([]float32, c.rows*c.in)
	b.fill(b.x)
	if c.spaced {
		for i, k := range b.rand.Perm(len(b.x)) {
			b.x[i] = float32(k-len(b.x)/2)/2 + 0.25
		}
	}
	b.cotangent = make([]float32, len(b.forward(b.x)))
	b.fill(b.cotangent)
	return b
}

// fill draws multiples of 1/64 in [-1, 1).
func (b *layerBench) fill(x []float32) {
	for i := range x {
		x[i] = float32(b.rand.IntN(128)-64) / 64
	}
}

// forward runs the layer on a copy: it may work in place.
func (b *layerBench) forward(x []float32) []float32 {
	return b.layer.Forward(b.pass, append([]float32(nil), x...))
}

// backward returns copies of both gradients for the cotangent.
func (b *layerBench) backward() (dx, dparams []float32) {
	b.forward(b.x)
	dx = b.layer.Backward(append([]float32(nil), b.cotangent...))
	return append([]float32(nil), dx...), append([]float32(nil), b.grads...)
}

// differences returns the gradient of ⟨cotangent, outputs⟩ by v, which is the
// inputs or the parameters, by central differences.
func (b *layerBench) differences(v []float32) []float64 {
	at := make([]float64, len(v))
	for i, f := range v {
		at[i] = float64(f)
	}
	f := func(p []float64) float64 {
		for i, f := range p {
			v[i] = float32(f)
		}
		return inner(b.cotangent, b.forward(b.x))
	}
	g := fd.Gradient(nil, f, at, &fd.Settings{Formula: fd.Central, Step: b.step})
	for i, f := range at {
		v[i] = float32(f)
	}
	return g
}

func (b *layerBench) gradientByInputs(t *testing.T) {
	dx, _ := b.backward()
	compare(t, "input gradient", dx, b.differences(b.x), b.tol)
}

func (b *layerBench) gradientByParams(t *testing.T) {
	_, dparams := b.backward()
	compare(t, "parameter gradient", dparams, b.differences(b.params), b.tol)
}

func (b *layerBench) adjoint(t *testing.T) {
	xdot, dir := make([]float32, len(b.x)), make([]float32, len(b.params))
	b.fill(xdot)
	b.fill(dir)
	dx, dparams := b.backward()
	ydot := b.layer.JVP(append([]float32(nil), xdot...), dir)
	got, want := inner(b.cotangent, ydot), inner(dx, xdot)+inner(dparams, dir)
	// Both sides are sums of fewer than 200 terms near 1, some of them with
	// the derivative of norm, near 3: 200·3·6e-8.
	if !near(got, want, 4e-5) {
		t.Errorf("⟨c, JVP⟩ = %v, ⟨Backward(c), direction⟩ = %v", got, want)
	}
}

// repeatable: neither Backward nor JVP may touch what Forward has left.
func (b *layerBench) repeatable(t *testing.T) {
	b.forward(b.x)
	var last []float32
	for range 3 {
		b.layer.JVP(make([]float32, len(b.x)), b.params)
		dx := append([]float32(nil), b.layer.Backward(append([]float32(nil), b.cotangent...))...)
		dx = append(dx, b.grads...)
		if last != nil && !sameBits(last, dx) {
			t.Fatal("a second Backward after the same Forward gives other bits")
		}
		last = dx
	}
}

// TestFirstLayer: the first layer computes no input gradient, and its tangent
// is that of inputs that stand still.
func TestFirstLayer(t *testing.T) {
	pairs := []struct {
		name        string
		first, next layer
		in          int
	}{
		{"dense", newDense(5, 4, 1, true, true), newDense(5, 4, 1, true, false), 5},
		{"conv", newConv(window{2, 4, 4, 3, 1, 1}, 2, 1, true, true), newConv(window{2, 4, 4, 3, 1, 1}, 2, 1, true, false), 32},
	}
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			a := newLayerBench(layerCase{layer: p.first, rows: 3, in: p.in})
			b := newLayerBench(layerCase{layer: p.next, rows: 3, in: p.in})
			dx, ga := a.backward()
			if len(dx) != 0 {
				t.Error("the first layer returned an input gradient")
			}
			if _, gb := b.backward(); !sameBits(ga, gb) {
				t.Error("parameter gradients differ")
			}
			dir := make([]float32, len(a.params))
			a.fill(dir)
			ta := a.layer.JVP(nil, dir)
			tb := b.layer.JVP(make([]float32, 3*p.in), dir)
			for i := range ta {
				if ta[i] != tb[i] {
					t.Fatalf("tangent %d: %v without, %v with a zero input tangent", i, ta[i], tb[i])
				}
			}
		})
	}
}

// TestConvDirect compares conv with the sum that defines a convolution.
func TestConvDirect(t *testing.T) {
	for _, win := range []window{{2, 5, 6, 3, 1, 1}, {2, 6, 8, 3, 1, 2}, {1, 7, 9, 5, 0, 3}} {
		c := newConv(win, 3, 1, true, false)
		b := newLayerBench(layerCase{layer: c, rows: 2, in: win.inSize()})
		y := b.forward(b.x)
		i := 0
		for r := range 2 {
			for o := range 3 {
				for p := range win.area() {
					want := float64(c.bias.v[o])
					for tap := range win.taps() {
						square := win.kernel * win.kernel
						ch, ky, kx := tap/square, tap%square/win.kernel, tap%win.kernel
						iy, ix := p/win.outWidth()*win.stride+ky-win.pad, p%win.outWidth()*win.stride+kx-win.pad
						if iy >= 0 && iy < win.height && ix >= 0 && ix < win.width {
							want += float64(c.weight.v[o*win.taps()+tap]) * float64(b.x[((r*win.channels+ch)*win.height+iy)*win.width+ix])
						}
					}
					if !near(float64(y[i]), want, 1e-5) {
						t.Fatalf("%+v, row %d channel %d position %d: %v, want %v", win, r, o, p, y[i], want)
					}
					i++
				}
			}
		}
	}
}

// TestRectified: a layer that does the ReLU behind it leaves the bits of the
// two one after the other.
func TestRectified(t *testing.T) {
	win := window{2, 4, 5, 3, 1, 1}
	for name, build := range map[string]func(rectified bool) (layer, int){
		"dense":              func(r bool) (layer, int) { l := newDense(5, 4, 1, true, false); l.rectified = r; return l, 5 },
		"dense without bias": func(r bool) (layer, int) { l := newDense(5, 4, 1, false, false); l.rectified = r; return l, 5 },
		"conv":               func(r bool) (layer, int) { l := newConv(win, 3, 1, true, false); l.rectified = r; return l, 40 },
		"conv without bias":  func(r bool) (layer, int) { l := newConv(win, 3, 1, false, false); l.rectified = r; return l, 40 },
		"group norm":         func(r bool) (layer, int) { l := newGroupNorm(4, 10, 2); l.rectified = r; return l, 40 },
		"layer norm":         func(r bool) (layer, int) { l := newGroupNorm(5, 1, 1); l.rectified = r; return l, 5 },
		"batch norm":         func(r bool) (layer, int) { l := newNorm(2, 20); l.rectified = r; return l, 40 },
		"batch norm, dense":  func(r bool) (layer, int) { l := newNorm(5, 1); l.rectified = r; return l, 5 },
	} {
		one, in := build(true)
		two, _ := build(false)
		r := &relu{}
		a := newLayerBench(layerCase{layer: one, rows: 3, in: in, pass: Pass{Train: true}})
		b := newLayerBench(layerCase{layer: two, rows: 3, in: in, pass: Pass{Train: true}})
		copied := func(x []float32) []float32 { return append([]float32(nil), x...) }
		ya, yb := a.forward(a.x), r.Forward(a.pass, b.forward(b.x))
		da, db := copied(one.Backward(copied(a.cotangent))), copied(two.Backward(r.Backward(copied(a.cotangent))))
		dir := make([]float32, len(a.params))
		a.fill(dir)
		ta, tb := one.JVP(copied(a.x), dir), r.JVP(two.JVP(copied(a.x), dir), dir)
		if !sameBits(ya, yb) || !sameBits(da, db) || !sameBits(a.grads, b.grads) || !sameBits(ta, tb) {
			t.Errorf("%s: not the bits of the layer and a ReLU", name)
		}
	}
}
