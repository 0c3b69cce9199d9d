package kernel

import "math"

// Tiny is the magnitude below which the running averages of the updates here
// become +0. Averages of a gradient that has vanished would otherwise decay
// into denormals, which are slow on many processors; gradients themselves are
// left alone. NaN is not small.
const Tiny = 0x1p-120

func settle(v float32) float32 {
	if -Tiny < v && v < Tiny {
		return 0
	}
	return v
}

// Momentum performs v = mu*v + u and then u = v, element by element, each
// operation rounded and v settled (see [Tiny]): the heavy-ball step, with the
// gradient in u on entry and the update on return. It panics if the lengths
// differ.
func Momentum(u, v []float32, mu float32) {
	equal("Momentum", len(u), len(v))
	for len(u) > portion {
		Momentum(u[:portion], v[:portion], mu)
		u, v = u[portion:], v[portion:]
	}
	if momentumVec(u, v, mu) {
		return
	}
	for i, g := range u {
		m := settle(float32(mu*v[i]) + g)
		u[i], v[i] = m, m
	}
}

// MomentumFactors are the numbers of one step of momentum.
type MomentumFactors struct {
	Decay float32 // times the parameters is added to the gradient; 0: nothing is
	Mu    float32
	Rate  float32 // times the velocity is added to the parameters: minus the learning rate
}

// MomentumStep changes parameters p and velocities v by a step along the
// gradient u, which it leaves alone. Element by element, each operation rounded
// and v settled (see [Tiny]), it performs
//
//	v = Mu*v + fma(Decay, p, u)
//	p = fma(Rate, v, p)
//
// the bits of [AddScaled], [Momentum] and AddScaled again, in one pass. It
// panics if the lengths differ.
func MomentumStep(p, v, u []float32, f MomentumFactors) {
	equal("MomentumStep", len(p), len(v))
	equal("MomentumStep", len(p), len(u))
	for len(p) > portion {
		MomentumStep(p[:portion], v[:portion], u[:portion], f)
		p, v, u = p[portion:], v[portion:], u[portion:]
	}
	if momentumStepVec(p, v, u, &f) {
		return
	}
	for i, g := range u {
		if f.Decay != 0 {
			g = FMA(f.Decay, p[i], g)
		}
		m := settle(float32(f.Mu*v[i]) + g)
		v[i], p[i] = m, FMA(f.Rate, m, p[i])
	}
}

// Nesterov performs v = mu*v + u and then u = u + mu*v, element by element,
// each operation rounded and v settled (see [Tiny]): Nesterov's momentum as it
// is commonly written, with the gradient in u on entry and the update on
// return. It panics if the lengths differ.
func Nesterov(u, v []float32, mu float32) {
	equal("Nesterov", len(u), len(v))
	for len(u) > portion {
		Nesterov(u[:portion], v[:portion], mu)
		u, v = u[portion:], v[portion:]
	}
	if nesterovVec(u, v, mu) {
		return
	}
	for i, g := range u {
		m := settle(float32(mu*v[i]) + g)
		u[i], v[i] = g+float32(mu*m), m
	}
}

// AdamFactors are the numbers of one step of Adam.
type AdamFactors struct {
	Decay1, Gain1    float32 // β₁ and 1-β₁
	Decay2, Gain2    float32 // β₂ and 1-β₂
	Unbias1, Unbias2 float32 // 1/(1-β₁ᵗ) and 1/√(1-β₂ᵗ) at step t, from 1
	Epsilon          float32
}

// Adam performs, element by element, each operation rounded, m and v settled
// (see [Tiny]),
//
//	m = Decay1*m + Gain1*u
//	v = Decay2*v + Gain2*(u*u)
//	u = (Unbias1*m) / (Unbias2*√v + Epsilon)
//
// with the gradient in u on entry and the update, yet to be scaled by the
// learning rate, on return (Kingma and Ba, "Adam: A Method for Stochastic
// Optimization", algorithm 1). It panics if the lengths differ.
func Adam(u, m, v []float32, f AdamFactors) {
	equal("Adam", len(u), len(m))
	equal("Adam", len(u), len(v))
	for len(u) > portion {
		Adam(u[:portion], m[:portion], v[:portion], f)
		u, m, v = u[portion:], m[portion:], v[portion:]
	}
	if adamVec(u, m, v, &f) {
		return
	}
	for i, g := range u {
		a := settle(float32(f.Decay1*m[i]) + float32(f.Gain1*g))
		b := settle(float32(f.Decay2*v[i]) + float32(f.Gain2*float32(g*g)))
		m[i], v[i] = a, b
		root := float32(math.Sqrt(float64(b))) // correctly rounded, by way of float64 too
		u[i] = float32(f.Unbias1*a) / (float32(f.Unbias2*root) + f.Epsilon)
	}
}
