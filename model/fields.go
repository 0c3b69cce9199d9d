package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// fields is the first layer of a network for tables: each [Field] encodes its
// values, and may have a dense layer of its own. Nobody asks for its input
// gradient, and its inputs stand still.
type fields struct {
	list []fieldLayer
	in   int // values of a sample
	wide int // encoded values of a sample
	out  int // values behind the layer

	x       []float32 // last inputs
	encoded []float32 // [rows wide]
	y       []float32 // buffers: outputs, output tangent
	slope   []float32
	sums    []float64 // scratch: gradients of the frequencies of one field
}

// fieldLayer is one field and where it is in a sample.
type fieldLayer struct {
	Field
	in, code, out int    // first input, encoded value and output
	frequency     *param // [frequencies], or nil
	weight, bias  *param // [encoded width] and [width], or nil
	sparse        *hot   // of many values as they are, with a dense layer; else nil
}

func newFields(list []Field) *fields {
	f := &fields{}
	for i, field := range list {
		l := fieldLayer{Field: field, in: f.in, code: f.wide, out: f.out}
		name := func(s string) string { return fmt.Sprintf("%d.%s", i, s) }
		if field.Frequencies > 0 {
			l.frequency = &param{name: name("frequency"), shape: tensor.Shape{field.Frequencies}, deviation: field.Sigma}
		}
		if field.Width > 0 {
			l.weight = &param{name: name("weight"), shape: tensor.Shape{field.encoded(), field.Width}, bound: field.bound()}
		}
		if field.Width > 0 && field.Rectified {
			l.bias = &param{name: name("bias"), shape: tensor.Shape{field.Width}}
		}
		if field.Values >= manyValues && field.Width > 0 {
			l.sparse = &hot{}
		}
		f.in, f.wide, f.out = f.in+field.Values, f.wide+field.encoded(), f.out+field.out()
		f.list = append(f.list, l)
	}
	return f
}

// bound is that of the initial weights: He's before a ReLU, and for embeddings
// that of one input, since one of the values is 1 and the others are 0.
func (f Field) bound() float64 {
	if f.Rectified {
		return heBound(f.encoded())
	}
	return math.Sqrt(3 / float64(f.Width))
}

func (f *fields) rows() int { return len(f.x) / f.in }

func (f *fields) Forward(_ Pass, x []float32) []float32 {
	f.x = x
	encoded, y := grow(&f.encoded, f.rows()*f.wide), grow(&f.y, f.rows()*f.out)
	for i := range f.list {
		f.list[i].sparse.reset()
	}
	for r := range f.rows() {
		in, code, out := x[r*f.in:][:f.in], encoded[r*f.wide:][:f.wide], y[r*f.out:][:f.out]
		for i := range f.list {
			l := &f.list[i]
			values := in[l.in:][:l.Values]
			if l.sparse != nil {
				l.sparse.add(values)
				l.embedSparse(l.outOf(out), values, r)
				continue
			}
			e := l.codeOf(code)
			l.encode(e, values)
			l.embed(l.outOf(out), e)
		}
	}
	return y
}

// codeOf and outOf return the field's part of a sample's encoded values and of
// its outputs.
func (l *fieldLayer) codeOf(row []float32) []float32 { return row[l.code:][:l.encoded()] }
func (l *fieldLayer) outOf(row []float32) []float32  { return row[l.out:][:l.Field.out()] }

// encode sets e to what the values are encoded as.
func (l *fieldLayer) encode(e, values []float32) {
	switch {
	case len(l.Edges) > 0:
		encodeEdges(e, l.Edges, values[0])
	case l.frequency != nil:
		for k, c := range l.frequency.v {
			angle := float64(2*math.Pi*float64(c)) * float64(values[0])
			e[2*k], e[2*k+1] = float32(detmath.Sin(angle)), float32(detmath.Cos(angle))
		}
	default:
		copy(e, values)
	}
}

// embed sets y to the outputs for the encoded values. Most of them are 0, and
// fma(0, w, y) is y: those are left out.
func (l *fieldLayer) embed(y, e []float32) {
	if l.weight == nil {
		copy(y, e)
		return
	}
	clear(y)
	if l.bias != nil {
		copy(y, l.bias.v)
	}
	l.addProduct(y, e, l.weight.v)
	if l.Rectified {
		kernel.ReLU(y, y)
	}
}

// addProduct performs y += e·W.
func (l *fieldLayer) addProduct(y, e, weight []float32) {
	for j, v := range e {
		if v != 0 {
			kernel.AddScaled(y, v, weight[j*l.Width:][:l.Width])
		}
	}
}

// Backward: dW = Σ e·dy and db = Σ dy, each element one chain over the samples
// in order; frequencies get Σ 2πx·(cos·d_sin - sin·d_cos), in float64.
func (f *fields) Backward(dy []float32) []float32 {
	for i := range f.list {
		l := &f.list[i]
		if l.weight != nil {
			f.denseBackward(l, dy)
		}
		if l.frequency != nil {
			f.frequencyBackward(l, dy)
		}
	}
	return nil
}

// denseBackward leaves in dy the gradient by what is in front of the ReLU.
func (f *fields) denseBackward(l *fieldLayer, dy []float32) {
	clear(l.weight.g)
	if l.bias != nil {
		clear(l.bias.g)
	}
	for r := range f.rows() {
		d := l.outOf(dy[r*f.out:][:f.out])
		if l.Rectified {
			kernel.ReLUBackward(d, d, l.outOf(f.y[r*f.out:][:f.out]))
		}
		if l.bias != nil {
			kernel.Add(l.bias.g, d)
		}
		if l.sparse != nil {
			values := f.x[r*f.in+l.in:][:l.Values]
			for _, j := range l.sparse.of(r) {
				kernel.AddScaled(l.weight.g[int(j)*l.Width:][:l.Width], values[j], d)
			}
			continue
		}
		for j, v := range l.codeOf(f.encoded[r*f.wide:][:f.wide]) {
			if v != 0 {
				kernel.AddScaled(l.weight.g[j*l.Width:][:l.Width], v, d)
			}
		}
	}
}

func (f *fields) frequencyBackward(l *fieldLayer, dy []float32) {
	if len(f.sums) < l.Frequencies {
		f.sums = make([]float64, l.Frequencies)
	}
	sums := f.sums[:l.Frequencies]
	clear(sums)
	for r := range f.rows() {
		x := float64(2 * math.Pi * float64(f.x[r*f.in+l.in]))
		e, d := l.codeOf(f.encoded[r*f.wide:][:f.wide]), l.outOf(dy[r*f.out:][:f.out])
		for k := range sums {
			slope := float64(float64(e[2*k+1])*l.slope(d, 2*k)) - float64(float64(e[2*k])*l.slope(d, 2*k+1))
			sums[k] += float64(x * slope)
		}
	}
	for k, s := range sums {
		l.frequency.g[k] = float32(s)
	}
}

// slope returns the gradient by encoded value j, given that by the outputs, in
// front of a ReLU.
func (l *fieldLayer) slope(d []float32, j int) float64 {
	if l.weight == nil {
		return float64(d[j])
	}
	var sum float64
	for i, w := range l.weight.v[j*l.Width:][:l.Width] {
		sum += float64(float64(w) * float64(d[i]))
	}
	return sum
}

// JVP: ẏ = e·Ẇ + ė·W + ḃ, with ė from the frequencies.
func (f *fields) JVP(_, dir []float32) []float32 {
	dy := grow(&f.slope, f.rows()*f.out)
	clear(dy)
	for r := range f.rows() {
		for i := range f.list {
			l := &f.list[i]
			d, e := l.outOf(dy[r*f.out:][:f.out]), l.codeOf(f.encoded[r*f.wide:][:f.wide])
			if l.bias != nil {
				copy(d, l.bias.of(dir))
			}
			switch {
			case l.sparse != nil:
				l.addSparse(d, f.x[r*f.in+l.in:][:l.Values], r, l.weight.of(dir))
			case l.weight != nil:
				l.addProduct(d, e, l.weight.of(dir))
			}
			if l.frequency != nil {
				l.addPhases(d, e, f.x[r*f.in+l.in], l.frequency.of(dir))
			}
			if l.Rectified {
				kernel.ReLUBackward(d, d, l.outOf(f.y[r*f.out:][:f.out]))
			}
		}
	}
	return dy
}

// addPhases adds to d what the outputs gain as the frequencies move along dir.
func (l *fieldLayer) addPhases(d, e []float32, x float32, dir []float32) {
	for k, c := range dir {
		phase := float64(2*math.Pi*float64(x)) * float64(c)
		for j, turn := range [2]float32{float32(phase * float64(e[2*k+1])), float32(-phase * float64(e[2*k]))} {
			if l.weight == nil {
				d[2*k+j] += turn
			} else {
				kernel.AddScaled(d, turn, l.weight.v[(2*k+j)*l.Width:][:l.Width])
			}
		}
	}
}

func (f *fields) params() []*param {
	var list []*param
	for _, l := range f.list {
		for _, p := range []*param{l.frequency, l.weight, l.bias} {
			if p != nil {
				list = append(list, p)
			}
		}
	}
	return list
}

func (f *fields) String() string {
	return fmt.Sprintf("%d fields, %d values -> %d", len(f.list), f.in, f.out)
}
