package model

import (
	"gorgonia.org/tensor"

	// tensor v0.9.24 asks for a version of this package that panics at start
	// on any Go newer than the ones it lists. The newer version, required in
	// go.mod, asks the runtime instead. This import keeps `go mod tidy` from
	// dropping that requirement; it goes when tensor requires the newer one.
	_ "go4.org/unsafe/assume-no-moving-gc"
)

// param is one tensor of a layer: a window into a flat vector of values
// (Params, or Running if running is set) and a window at the same place of the
// vector beside it (Grads or Stats).
type param struct {
	name    string // within the layer: "weight", "running_mean"
	shape   tensor.Shape
	running bool
	fill    float32 // initial value, if bound is 0
	bound   float64 // initial values are uniform in [-bound, bound)

	frozen bool // not trained

	deviation float64 // initial values are normal with this deviation

	offset int           // of the window in its vector
	value  *tensor.Dense // shape over v
	v, g   []float32     // the windows: value, gradient or batch statistic; no g before there are Grads
}

// size is the number of elements.
func (p *param) size() int { return p.shape.TotalSize() }

// room is the number of elements the parameter takes up in its vector. Windows
// into Params start at multiples of 16, where no vector of a kernel straddles
// two cache lines; what lies between them is zero, as is its gradient, so that
// it stays zero whatever the optimizer does.
func (p *param) room() int {
	const lanes = 16
	if p.running {
		return p.size()
	}
	return (p.size() + lanes - 1) / lanes * lanes
}

// of returns the parameter's window of a vector that is laid out like its own.
func (p *param) of(flat []float32) []float32 { return flat[p.offset : p.offset+p.size()] }

// bind places the parameter at offset of its vectors; beside may be nil.
func (p *param) bind(values, beside []float32, offset int) {
	p.offset = offset
	p.v = p.of(values)
	if beside != nil {
		p.g = p.of(beside)
	}
	p.value = tensor.New(tensor.WithShape(p.shape...), tensor.WithBacking(p.v))
}

// vectors are the flat vectors behind a network's parameters.
type vectors struct {
	params, grads  []float32 // grads are nil until they are used
	running, stats []float32
}

// measure returns the lengths of the vectors that the layers need.
func measure(layers []layer) (params, running int) {
	for _, l := range layers {
		for _, p := range l.params() {
			if p.running {
				running += p.room()
			} else {
				params += p.room()
			}
		}
	}
	return params, running
}

// bind gives each parameter of the layers its windows, in the order of layers.
// It returns where the windows of each layer begin in the vector of parameters,
// and where the last one's end.
func (v vectors) bind(layers []layer) (starts []int) {
	var params, running int
	for _, l := range layers {
		starts = append(starts, params)
		for _, p := range l.params() {
			if p.running {
				p.bind(v.running, v.stats, running)
				running += p.room()
			} else {
				p.bind(v.params, v.grads, params)
				params += p.room()
			}
		}
	}
	return append(starts, params)
}
