package model

import "fmt"

// LabelSmoothing is cross entropy with the targets (1-s)·onehot(y) + s/K
// (Szegedy et al., "Rethinking the inception architecture for computer vision",
// CVPR 2016, section 7): ℓ = CE + s·(z_y - mean z). s = 0 is [CrossEntropy], bit
// for bit.
type LabelSmoothing struct{ s float64 }

var _ Loss = LabelSmoothing{}

// NewLabelSmoothing returns the loss of strength s, in [0, 1).
func NewLabelSmoothing(s float64) (LabelSmoothing, error) {
	if !(s >= 0 && s < 1) {
		return LabelSmoothing{}, fmt.Errorf("model: label smoothing: strength %v, want a number in [0, 1)", s)
	}
	return LabelSmoothing{s}, nil
}

// Losses sets dst[i] to the cross entropy of row i with smoothed targets.
func (l LabelSmoothing) Losses(dst, logits []float32, labels []int32) {
	k := softmax{}.classes(logits, labels)
	for i, y := range labels {
		z := logits[i*k:][:k]
		var mean float64
		for _, v := range z {
			mean += float64(v)
		}
		mean /= float64(k)
		dst[i] = float32(softmax{}.entropy(z, int(y)) + float64(l.s*(float64(z[y])-mean)))
	}
}

// Gradient sets row i of dz to w[i]·(softmax(logits_i) - targets).
func (l LabelSmoothing) Gradient(dz, logits []float32, labels []int32, w []float32) {
	k := softmax{}.classes(logits, labels)
	for i, y := range labels {
		d := dz[i*k:][:k]
		softmax{}.derivative(logits[i*k:][:k], int(y), func(j int, p float64) {
			d[j] = settle(float32(float64(w[i]) * (p + l.shift(j == int(y), k))))
		})
	}
}

// Tangent sets dst[i] = ⟨∂ℓ_i/∂logits_i, dlogits_i⟩.
func (l LabelSmoothing) Tangent(dst, logits, dlogits []float32, labels []int32) {
	k := softmax{}.classes(logits, labels)
	for i, y := range labels {
		t := dlogits[i*k:][:k]
		var sum float64
		softmax{}.derivative(logits[i*k:][:k], int(y), func(j int, p float64) {
			sum += float64((p + l.shift(j == int(y), k)) * float64(t[j]))
		})
		dst[i] = float32(sum)
	}
}

// shift is what smoothing adds to the derivative by a logit: onehot - targets.
func (l LabelSmoothing) shift(own bool, classes int) float64 {
	shift := -l.s / float64(classes)
	if own {
		shift += l.s
	}
	return shift
}
