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
			w := settle(float32(mu*v[i]) + g)
			v[i] = w
			u[i] = g + float32(mu*w)
		}
		return
	}
	for i, g := range u {
		w := settle(float32(mu*v[i]) + g)
		v[i], u[i] = w, w
	}
}

// settle returns 0 for a number so near 0 that no parameter can feel it. The
// velocity of a parameter that gets no gradient any more (a dead unit's) shrinks
// to the subnormal numbers and then stays there, where each operation takes a
// hundred times as long.
func settle(v float32) float32 {
	const tiny = 0x1p-120
	if -tiny < v && v < tiny {
		return 0
	}
	return v // NaN too
}
