package optimizer

import "fmt"

// State is what a transform remembers: vectors of plain float32.
type State [][]float32

// Transform is one link of an optimizer chain: a gradient goes in, an update
// comes out, in place. A transform is a value without memory; what it must
// remember is in its State.
type Transform interface {
	// Init returns the state before the first step of n parameters. The number
	// of its vectors does not depend on n.
	Init(n int) State
	// Update turns u from a gradient, or from the update of the link before,
	// into an update. It may change s, and must not change params.
	Update(u, params []float32, s State, at At)
}

// Slots is implemented by transforms with a state. Slots has a name for each of
// its vectors, by which a checkpoint knows them.
type Slots interface {
	Slots() []string
}

// Chain returns the transform that applies the given ones in order. Its state
// is theirs, one after the other. A chain is used by one goroutine at a time.
func Chain(ts ...Transform) Transform {
	c := &chain{}
	for _, t := range ts {
		if inner, ok := t.(*chain); ok {
			c.links, c.slots = append(c.links, inner.links...), append(c.slots, inner.slots...)
		} else {
			c.links, c.slots = append(c.links, t), append(c.slots, len(t.Init(0)))
		}
	}
	c.stretches = stretches(c.links, c.slots)
	return c
}

type chain struct {
	links     []Transform
	slots     []int     // vectors of state for each link
	stretches []stretch // the links again
}

var _ Slots = (*chain)(nil)

func (c *chain) Init(n int) State {
	var s State
	for _, t := range c.links {
		s = append(s, t.Init(n)...)
	}
	return s
}

func (c *chain) Update(u, params []float32, s State, at At) {
	for i := range c.stretches {
		r := &c.stretches[i]
		r.update(u, params, s[:r.vectors()], at)
		s = s[r.vectors():]
	}
}

// Slots returns the names of the links' slots; of equal ones the second is
// called name2, and so on.
func (c *chain) Slots() []string {
	var names []string
	seen := make(map[string]int)
	for i, t := range c.links {
		for _, name := range slotNames(t, c.slots[i]) {
			seen[name]++
			if k := seen[name]; k > 1 {
				name = fmt.Sprintf("%s%d", name, k)
			}
			names = append(names, name)
		}
	}
	return names
}

// slotNames returns the names of t's n slots; transforms from elsewhere need
// not name theirs.
func slotNames(t Transform, n int) []string {
	if named, ok := t.(Slots); ok {
		if names := named.Slots(); len(names) == n {
			return names
		}
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%T/%d", t, i)
	}
	return names
}

// stateless is embedded by transforms that remember nothing.
type stateless struct{}

func (stateless) Init(int) State { return nil }
