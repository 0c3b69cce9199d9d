package optimizer

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/kernel"
)

// ScaleByAdam divides a mean of the gradients by the root of a mean of their
// squares (Kingma and Ba, ICLR 2015), with the means corrected for their start
// at 0, as PyTorch does:
//
//	m ← β1·m + (1-β1)·u
//	v ← β2·v + (1-β2)·u²
//	u ← (m/(1-β1^t)) / (√v/√(1-β2^t) + ε)
//
// Means below 2⁻¹²⁰ become 0 (kernel.Tiny).
//
// t counts the updates of this state, from 1, and is part of it.
func ScaleByAdam(beta1, beta2, epsilon float64) Transform {
	if !(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0) {
		panic(fmt.Sprintf("optimizer: adam with beta1 %v, beta2 %v, epsilon %v", beta1, beta2, epsilon))
	}
	return adam{beta1, beta2, epsilon}
}

type adam struct{ beta1, beta2, epsilon float64 }

// Init returns m, v and the count. The count is exact in a float32 up to 2^24;
// it stops there, when both corrections have long been 1.
func (a adam) Init(n int) State {
	return State{make([]float32, n), make([]float32, n), make([]float32, 1)}
}

func (a adam) Slots() []string { return []string{"mean", "square", "count"} }

func (a adam) Update(u, params []float32, s State, at At) { update(a, u, params, s, at) }

func (a adam) begin(s State, _ At) factors {
	s[2][0]++
	t := float64(s[2][0])
	return factors{adam: kernel.AdamFactors{
		Decay1: float32(a.beta1), Gain1: float32(1 - a.beta1),
		Decay2: float32(a.beta2), Gain2: float32(1 - a.beta2),
		Unbias1: float32(1 / (1 - detmath.Pow(a.beta1, t))),
		Unbias2: float32(1 / math.Sqrt(1-detmath.Pow(a.beta2, t))),
		Epsilon: float32(a.epsilon),
	}}
}

func (a adam) apply(f *factors, u, _ []float32, s State) { kernel.Adam(u, s[0], s[1], f.adam) }
