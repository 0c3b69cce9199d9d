package optimizer

import "github.com/ballast-ml/ballast/internal/kernel"

// The links in this file stand at the ends of an Optimizer's chain, where they
// save passes over memory. Unlike a transform's, their result depends on the
// Optimizer, or goes to the parameters.

// shrink is the place of a clip whose factor is known.
type shrink struct {
	stateless
	by float32
}

func (c *shrink) Update(u, params []float32, s State, at At) { update(c, u, params, s, at) }

func (c *shrink) begin(State, At) factors { return factors{scale: c.by} }

func (c *shrink) apply(f *factors, u, _ []float32, _ State) {
	if f.scale != 1 {
		kernel.ScaleTo(u, f.scale, u)
	}
}

// descend is a last learning rate and the step itself, rounded once:
// θ ← fma(-lr, u, θ).
type descend struct{ rate }

func (d descend) Update(u, params []float32, s State, at At) { update(d, u, params, s, at) }

func (d descend) apply(f *factors, u, params []float32, _ State) {
	kernel.AddScaled(params, f.scale, u)
}

// arrive is the step behind a chain that ends otherwise: θ ← θ + u.
type arrive struct{ stateless }

func (a arrive) Update(u, params []float32, s State, at At) { update(a, u, params, s, at) }

func (arrive) begin(State, At) factors { return factors{} }

func (arrive) apply(_ *factors, u, params []float32, _ State) { kernel.Add(params, u) }
