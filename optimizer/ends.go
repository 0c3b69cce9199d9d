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

// glide is decay, if there is any, momentum and the step itself in one pass
// that only reads the gradient: three vectors come from memory, two go back.
type glide struct {
	momentum
	step  descend
	decay float32
}

func (g glide) Update(u, params []float32, s State, at At) { update(g, u, params, s, at) }

func (g glide) begin(s State, at At) factors { return g.step.begin(s, at) }

func (g glide) apply(f *factors, u, params []float32, s State) {
	kernel.MomentumStep(params, s[0], u, kernel.MomentumFactors{Decay: g.decay, Mu: g.mu, Rate: f.scale})
}

// inOne returns links, the last of which descends, with those before it that
// glide does taken into it.
func inOne(links []Transform) []Transform {
	i := len(links) - 1
	g := glide{step: links[i].(descend)}
	if i == 0 {
		return links
	}
	m, ok := links[i-1].(momentum)
	if !ok || m.ahead {
		return links
	}
	i--
	g.momentum = m
	if i > 0 {
		if d, ok := links[i-1].(decay); ok && d.wd != 0 {
			i--
			g.decay = d.wd
		}
	}
	return append(links[:i], g)
}
