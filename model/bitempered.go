package model

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// BiTempered is the bi-tempered logistic loss (Amid et al., "Robust bi-tempered
// logistic loss based on Bregman divergences", NeurIPS 2019, equation 5). The
// logarithm log_t x = (x^{1-t}-1)/(1-t) of temperature t1 <= 1 bounds the loss,
// by 1/(1-t1) and a little; the exponential of temperature t2 >= 1 gives the
// softmax a heavy tail:
//
//	p_k = exp_t2(z_k - λ), λ such that Σ p_k = 1
//	ℓ   = -log_t1 p_y - (1 - Σ_k p_k^{2-t1})/(2-t1)
//
// t1 = t2 = 1 is [CrossEntropy], up to rounding. Scores are still the logits:
// the order of the classes is that of an ordinary softmax.
type BiTempered struct{ t1, t2 float64 }

var _ Loss = BiTempered{}

// NewBiTempered returns the loss of temperatures t1, in [0, 1], and t2, in
// [1, 4].
func NewBiTempered(t1, t2 float64) (BiTempered, error) {
	if !(t1 >= 0 && t1 <= 1 && t2 >= 1 && t2 <= 4) {
		return BiTempered{}, fmt.Errorf("model: bi-tempered loss: temperatures %v and %v, want t1 in [0, 1] and t2 in [1, 4]", t1, t2)
	}
	return BiTempered{t1, t2}, nil
}

// Losses sets dst[i] to the loss of row i.
func (l BiTempered) Losses(dst, logits []float32, labels []int32) {
	k := softmax{}.classes(logits, labels)
	for i, y := range labels {
		r := l.row(logits[i*k:][:k], y)
		var powers float64
		for j := range k {
			powers += detmath.Exp(float64((2 - l.t1) * r.logp(j)))
		}
		dst[i] = float32(max(0, -l.log(r.logp(int(y)))-(1-powers)/(2-l.t1)))
	}
}

// Gradient sets row i of dz to w[i]·∂ℓ_i/∂logits_i.
func (l BiTempered) Gradient(dz, logits []float32, labels []int32, w []float32) {
	k := softmax{}.classes(logits, labels)
	for i, y := range labels {
		r := l.row(logits[i*k:][:k], y)
		pull, spread := r.pull(int(y))
		for j := range k {
			dz[i*k+j] = settle(float32(float64(w[i]) * r.derivative(j, int(y), pull, spread)))
		}
	}
}

// Tangent sets dst[i] = ⟨∂ℓ_i/∂logits_i, dlogits_i⟩.
func (l BiTempered) Tangent(dst, logits, dlogits []float32, labels []int32) {
	k := softmax{}.classes(logits, labels)
	for i, y := range labels {
		r := l.row(logits[i*k:][:k], y)
		pull, spread := r.pull(int(y))
		var sum float64
		for j := range k {
			sum += float64(r.derivative(j, int(y), pull, spread) * float64(dlogits[i*k+j]))
		}
		dst[i] = float32(sum)
	}
}

// log is log_t1 of e^x.
func (l BiTempered) log(x float64) float64 {
	if l.t1 == 1 {
		return x
	}
	return detmath.Expm1(float64((1-l.t1)*x)) / (1 - l.t1)
}

// tempered is a row of logits with its normaliser: λ = max + excess.
type tempered struct {
	l           BiTempered
	z           []float32
	max, excess float64
}

// row finds the normaliser by Newton's method. Σ exp_t2(z_k - λ) is convex and
// falls with λ, so that from λ = max, where it is at least 1, the steps go up and
// never too far. A row whose own logit is infinite is not a number, although
// the loss is bounded.
func (l BiTempered) row(z []float32, y int32) tempered {
	_, top := softmax{}.largest(z)
	if !finite(float64(z[y])) {
		top = math.NaN()
	}
	r := tempered{l: l, z: z, max: top}
	for range 100 {
		var sum, slope float64
		for j := range z {
			log := r.logp(j)
			sum += detmath.Exp(log)
			slope += detmath.Exp(float64(l.t2 * log))
		}
		next := r.excess + (sum-1)/slope
		if !(next > r.excess) { // there, up to rounding; or NaN
			break
		}
		r.excess = next
	}
	return r
}

// logp returns log p_j.
func (r tempered) logp(j int) float64 {
	below := r.excess + (r.max - float64(r.z[j])) // λ - z_j
	if r.l.t2 == 1 {
		return -below
	}
	return -detmath.Log1p(float64((r.l.t2-1)*below)) / (r.l.t2 - 1)
}

// part returns d_j = (p_j - 1[j=y])·p_j^{t2-t1}: ∂ℓ/∂p_j·p_j^{t2}.
func (r tempered) part(j, y int) float64 {
	log := r.logp(j)
	own := detmath.Exp(log)
	if j == y {
		own = detmath.Expm1(log)
	}
	return float64(own * detmath.Exp(float64((r.l.t2-r.l.t1)*log)))
}

// pull returns Σ_k d_k, and Σ_k p_k^{t2}.
func (r tempered) pull(y int) (pull, spread float64) {
	for j := range r.z {
		pull += r.part(j, y)
		spread += detmath.Exp(float64(r.l.t2 * r.logp(j)))
	}
	return pull, spread
}

// derivative returns ∂ℓ/∂z_j = d_j - p_j^{t2}/Σp^{t2}·Σd.
func (r tempered) derivative(j, y int, pull, spread float64) float64 {
	share := detmath.Exp(float64(r.l.t2*r.logp(j))) / spread
	return r.part(j, y) - float64(share*pull)
}
