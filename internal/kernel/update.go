package kernel

import "math"

// Momentum performs v = mu*v + u and then u = v, element by element, each
// operation rounded: the heavy-ball step, with the gradient in u on entry and
// the update on return. It panics if the lengths differ.
func Momentum(u, v []float32, mu float32) {
	equal("Momentum", len(u), len(v))
	if momentumVec(u, v, mu) {
		return
	}
	for i, g := range u {
		m := float32(mu*v[i]) + g
		u[i], v[i] = m, m
	}
}

// Nesterov performs v = mu*v + u and then u = u + mu*v, element by element,
// each operation rounded: Nesterov's momentum as it is commonly written, with
// the gradient in u on entry and the update on return. It panics if the
// lengths differ.
func Nesterov(u, v []float32, mu float32) {
	equal("Nesterov", len(u), len(v))
	if nesterovVec(u, v, mu) {
		return
	}
	for i, g := range u {
		m := float32(mu*v[i]) + g
		u[i], v[i] = g+float32(mu*m), m
	}
}

// AdamFactors are the numbers of one step of Adam.
type AdamFactors struct {
	Decay1, Gain1    float32 // β₁ and 1-β₁
	Decay2, Gain2    float32 // β₂ and 1-β₂
	Unbias1, Unbias2 float32 // 1/(1-β₁ᵗ) and 1/(1-β₂ᵗ) at step t, from 1
	Epsilon          float32
}

// Adam performs, element by element, each operation rounded,
//
//	m = Decay1*m + Gain1*u
//	v = Decay2*v + Gain2*(u*u)
//	u = (Unbias1*m) / (√(Unbias2*v) + Epsilon)
//
// with the gradient in u on entry and the update, yet to be scaled by the
// learning rate, on return (Kingma and Ba, "Adam: A Method for Stochastic
// Optimization", algorithm 1). It panics if the lengths differ.
func Adam(u, m, v []float32, f AdamFactors) {
	equal("Adam", len(u), len(m))
	equal("Adam", len(u), len(v))
	if adamVec(u, m, v, &f) {
		return
	}
	for i, g := range u {
		a := float32(f.Decay1*m[i]) + float32(f.Gain1*g)
		b := float32(f.Decay2*v[i]) + float32(f.Gain2*float32(g*g))
		m[i], v[i] = a, b
		root := float32(math.Sqrt(float64(f.Unbias2 * b))) // exact to rounding, as float32's own
		u[i] = float32(f.Unbias1*a) / (root + f.Epsilon)
	}
}
