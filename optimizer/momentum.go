package optimizer

import (
	"fmt"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// Momentum keeps a velocity, as PyTorch's SGD does with no dampening:
//
//	v ← mu·v + u,  u ← v
//
// The velocity is a sum and not a mean: in steady state the update is 1/(1-mu)
// gradients long. Velocities below 2⁻¹²⁰ become 0 (kernel.Tiny): that of a dead
// unit would shrink to subnormal numbers, which are slow, and stay there.
func Momentum(mu float64) Transform { return newMomentum(mu, false) }

// Nesterov is Momentum that looks ahead: v ← mu·v + u,  u ← u + mu·v.
func Nesterov(mu float64) Transform { return newMomentum(mu, true) }

func newMomentum(mu float64, ahead bool) Transform {
	if !(mu >= 0 && mu < 1) {
		panic(fmt.Sprintf("optimizer: momentum %v, want a number in [0, 1)", mu))
	}
	return momentum{mu: float32(mu), ahead: ahead}
}

type momentum struct {
	mu    float32
	ahead bool
}

func (m momentum) Init(n int) State { return State{make([]float32, n)} }

func (m momentum) Slots() []string { return []string{"velocity"} }

func (m momentum) Update(u, params []float32, s State, at At) { update(m, u, params, s, at) }

func (m momentum) begin(State, At) factors { return factors{} }

func (m momentum) apply(_ *factors, u, _ []float32, s State) {
	if m.ahead {
		kernel.Nesterov(u, s[0], m.mu)
	} else {
		kernel.Momentum(u, s[0], m.mu)
	}
}
