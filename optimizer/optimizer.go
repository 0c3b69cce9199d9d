package optimizer

import (
	"fmt"
	"math"
	"slices"
)

// Optimizer is a chain of transforms with its state. It is used by one
// goroutine at a time.
type Optimizer struct {
	n      int
	clip   *clip   // taken off the front of the chain: Step has the norm at hand,
	shrink *shrink // and this link in its place has the factor
	chain  *chain
	rate   *rate // the last link that scales, for the report
	state  State
	names  []string
}

// Report is what Step found on its way.
type Report struct {
	// GradNorm is the Euclidean norm of the gradient, before clipping.
	GradNorm float64
	// LR is the learning rate of the step; 1 if no link of the chain has one.
	LR float64
	// Skipped is set if the gradient has an element that is not finite, or its
	// norm is too large for a float64. Such a step changes neither parameters
	// nor state.
	Skipped bool
}

// Slot is one named vector of an optimizer's state.
type Slot struct {
	Name string
	Data []float32
}

// Build returns the optimizer of n parameters that applies the transforms in
// order and adds what comes out to the parameters.
func Build(n int, ts ...Transform) *Optimizer {
	o := &Optimizer{n: n}
	links := slices.Clone(Chain(ts...).(*chain).links)
	if len(links) > 0 {
		if c, ok := links[0].(clip); ok {
			o.clip, o.shrink = &c, &shrink{}
			links[0] = o.shrink
		}
	}
	for _, t := range links {
		if r, ok := t.(rate); ok {
			o.rate = &r
		}
	}
	links = append(links, arrive{})
	if before := len(links) - 2; before >= 0 {
		if r, ok := links[before].(rate); ok {
			links = inOne(append(links[:before], descend{r}))
		}
	}
	o.chain = Chain(links...).(*chain)
	o.state, o.names = o.chain.Init(n), o.chain.Slots()
	return o
}

// Step changes params by one step along grads, and uses grads as scratch
// memory. It does not allocate. Both must have the length the optimizer was
// built for.
func (o *Optimizer) Step(params, grads []float32, at At) Report {
	if len(params) != o.n || len(grads) != o.n {
		panic(fmt.Sprintf("optimizer: step with %d parameters and %d gradients, built for %d", len(params), len(grads), o.n))
	}
	r := Report{GradNorm: norm(grads), LR: 1}
	if o.rate != nil {
		r.LR = o.rate.at(at)
	}
	if math.IsNaN(r.GradNorm) || math.IsInf(r.GradNorm, 0) {
		r.Skipped = true
		return r
	}
	if o.clip != nil {
		o.shrink.by = o.clip.factor(r.GradNorm)
	}
	o.chain.Update(grads, params, o.state, at)
	return r
}

// State returns the state, in an order that depends on the chain alone. The
// vectors are the optimizer's own: copy them before the next Step.
func (o *Optimizer) State() []Slot {
	slots := make([]Slot, len(o.state))
	for i, v := range o.state {
		slots[i] = Slot{o.names[i], v}
	}
	return slots
}

// Restore copies slots, as State of an equally built optimizer returned them,
// into the state. If names or lengths do not fit it changes nothing.
func (o *Optimizer) Restore(slots []Slot) error {
	if len(slots) != len(o.state) {
		return fmt.Errorf("optimizer: the state has %d vectors, want %d %v: a checkpoint of another optimizer?",
			len(slots), len(o.state), o.names)
	}
	for i, s := range slots {
		if s.Name != o.names[i] || len(s.Data) != len(o.state[i]) {
			return fmt.Errorf("optimizer: vector %d of the state is %q with %d numbers, want %q with %d: a checkpoint of another optimizer or model?",
				i, s.Name, len(s.Data), o.names[i], len(o.state[i]))
		}
	}
	for i, s := range slots {
		copy(o.state[i], s.Data)
	}
	return nil
}
