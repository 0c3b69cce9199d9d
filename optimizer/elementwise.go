package optimizer

import "github.com/ballast-ml/ballast/internal/kernel"

// elementwise is implemented by links that treat each element on its own, which
// is all but the one that needs the gradient's norm. Neighbours in a chain
// then run block by block, each over what the one before has left in the
// nearest cache, and the vectors come from memory once a step instead of once a
// link. The bits are those of Update.
type elementwise interface {
	Transform
	// begin is called once a step, and may change counters in s. It returns
	// what apply needs to know about the step.
	begin(s State, at At) factors
	// apply does to a block of u what Update does to all of it; params and the
	// vectors of s are cut to the same block.
	apply(f *factors, u, params []float32, s State)
}

// factors are the numbers of one step of one link.
type factors struct {
	scale float32
	adam  kernel.AdamFactors
}

// block is the number of elements that links take at a time: four vectors of
// them fit into the nearest cache.
const block = 2048

// update is Update of an elementwise link as its begin and apply.
func update(t elementwise, u, params []float32, s State, at At) {
	f := t.begin(s, at)
	t.apply(&f, u, params, s)
}

// stretch is a part of a chain: neighbours that are elementwise, or one that is
// not.
type stretch struct {
	links   []elementwise // nil if whole is set
	whole   Transform
	slots   []int     // vectors of state for each link
	factors []factors // of the step under way
	windows State     // the block under way
}

// stretches cuts links with their numbers of state vectors into stretches.
func stretches(links []Transform, slots []int) []stretch {
	var list []stretch
	for i, t := range links {
		e, ok := t.(elementwise)
		if !ok {
			list = append(list, stretch{whole: t, slots: slots[i : i+1]})
			continue
		}
		if len(list) == 0 || list[len(list)-1].whole != nil {
			list = append(list, stretch{})
		}
		r := &list[len(list)-1]
		r.links, r.slots = append(r.links, e), append(r.slots, slots[i])
	}
	for i := range list {
		r := &list[i]
		r.factors, r.windows = make([]factors, len(r.links)), make(State, r.vectors())
	}
	return list
}

// vectors returns how many vectors of state the stretch has.
func (r *stretch) vectors() (n int) {
	for _, k := range r.slots {
		n += k
	}
	return n
}

// update applies the stretch's links to all of u, block by block.
func (r *stretch) update(u, params []float32, s State, at At) {
	if r.whole != nil {
		r.whole.Update(u, params, s, at)
		return
	}
	r.begin(s, at)
	for lo := 0; lo < len(u); lo += block {
		r.apply(u, params, s, lo, min(lo+block, len(u)))
	}
}

func (r *stretch) begin(s State, at At) {
	for i, t := range r.links {
		r.factors[i] = t.begin(s[:r.slots[i]], at)
		s = s[r.slots[i]:]
	}
}

// apply does so for elements lo to hi. Vectors of state of another length than
// u, counters, are begin's and not cut.
func (r *stretch) apply(u, params []float32, s State, lo, hi int) {
	for i, v := range s[:len(r.windows)] {
		if len(v) == len(u) {
			v = v[lo:hi]
		}
		r.windows[i] = v
	}
	w := r.windows
	for i, t := range r.links {
		t.apply(&r.factors[i], u[lo:hi], params[lo:hi], w[:r.slots[i]])
		w = w[r.slots[i]:]
	}
}
