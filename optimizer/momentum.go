package optimizer

import "fmt"

// Momentum keeps a velocity, as PyTorch's SGD does with no dampening:
//
//	v ← mu·v + u,  u ← v
//
// The velocity is a sum and not a mean: in steady state the update is 1/(1-mu)
// gradients long.
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

func (m momentum) Update(u, _ []float32, s State, _ At) {
	mu, v := m.mu, s[0][:len(u)]
	if m.ahead {
		for i, g := range u {
			v[i] = float32(mu*v[i]) + g
			u[i] = g + float32(mu*v[i])
		}
		return
	}
	for i, g := range u {
		v[i] = float32(mu*v[i]) + g
		u[i] = v[i]
	}
}
