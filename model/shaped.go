package model

import "github.com/ballast-ml/ballast/internal/detmath"

// curve makes another loss of cross entropy: ℓ = f(c) with c = -log softmax(z)_y,
// so that ∂ℓ/∂z is f'(c) times cross entropy's own gradient. Many losses are of
// this kind, as they look at nothing but the probability of the label, e^{-c}.
type curve interface {
	// at returns f(c) and f'(c) of a row with label y; c is >= 0 and finite.
	at(c float64, y int) (value, slope float64)
}

// shaped is a curve on cross entropy.
type shaped struct {
	s softmax
	f curve
}

// at returns the curve's value and slope at a row. A loss that is not finite
// stays so, also where the curve is bounded.
func (l shaped) at(z []float32, y int) (value, slope float64) {
	c := l.s.entropy(z, y)
	if !finite(c) {
		return c - c, c - c // NaN
	}
	return l.f.at(c, y)
}

// Losses sets dst[i] = f(-log softmax(logits_i)[labels[i]]).
func (l shaped) Losses(dst, logits []float32, labels []int32) {
	k := l.s.classes(logits, labels)
	for i, y := range labels {
		value, _ := l.at(logits[i*k:][:k], int(y))
		dst[i] = float32(value)
	}
}

// Gradient sets row i of dz to w[i]·∂ℓ_i/∂logits_i.
func (l shaped) Gradient(dz, logits []float32, labels []int32, w []float32) {
	k := l.s.classes(logits, labels)
	for i, y := range labels {
		z, d := logits[i*k:][:k], dz[i*k:][:k]
		_, slope := l.at(z, int(y))
		factor := float64(float64(w[i]) * slope)
		l.s.derivative(z, int(y), func(j int, p float64) {
			d[j] = settle(float32(factor * p))
		})
	}
}

// Tangent sets dst[i] = ⟨∂ℓ_i/∂logits_i, dlogits_i⟩.
func (l shaped) Tangent(dst, logits, dlogits []float32, labels []int32) {
	k := l.s.classes(logits, labels)
	for i, y := range labels {
		z, t := logits[i*k:][:k], dlogits[i*k:][:k]
		_, slope := l.at(z, int(y))
		var sum float64
		l.s.derivative(z, int(y), func(j int, p float64) {
			sum += float64(p * float64(t[j]))
		})
		dst[i] = float32(slope * sum)
	}
}

// probability returns p = e^{-c} and 1-p, both with all their digits.
func probability(c float64) (p, rest float64) { return detmath.Exp(-c), -detmath.Expm1(-c) }
