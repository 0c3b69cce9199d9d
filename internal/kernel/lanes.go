package kernel

// Lanes are sixteen sums in float64: elements go to them in turn, so that
// additions overlap. Which lane an element goes to is part of the numeric
// contract: element i of a slice goes to lane i mod 16, and slices are added in
// the order of the calls.
type Lanes [16]float64

// Fold returns the sum of the lanes: lane i and lane i+8 first, then those four
// apart, two and one.
func (l *Lanes) Fold() float64 {
	var s [8]float64
	for i := range s {
		s[i] = l[i] + l[i+8]
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// Add adds x to the lanes.
func (l *Lanes) Add(x []float32) {
	if laneSumVec(l, x) {
		return
	}
	for i, v := range x {
		l[i%16] += float64(v)
	}
}

// AddProducts adds d to the lanes of sums, and d[i]·h[i] to those of dots, for
// h = (x - mean)*scale, rounded to float32 after each operation. Their product
// is exact in float64. It panics if the lengths differ.
func AddProducts(sums, dots *Lanes, d, x []float32, mean, scale float32) {
	equal("AddProducts", len(d), len(x))
	if laneProductsVec(sums, dots, d, x, mean, scale) {
		return
	}
	for i, v := range d {
		h := float32((x[i] - mean) * scale)
		sums[i%16] += float64(v)
		dots[i%16] += float64(float64(v) * float64(h))
	}
}

// NormFactors are the numbers by which one channel is normalized.
type NormFactors struct {
	Mean, Scale float32 // of the channel, and 1 over its deviation
	Gain, Bias  float32 // what it gets instead
}

// Normalize performs dst = Gain*((x - Mean)*Scale) + Bias, element by element,
// each operation rounded. It panics if the lengths differ.
func Normalize(dst, x []float32, f NormFactors) {
	equal("Normalize", len(dst), len(x))
	if normalizeVec(dst, x, f) {
		return
	}
	for i, v := range x {
		h := float32((v - f.Mean) * f.Scale)
		dst[i] = float32(f.Gain*h) + f.Bias
	}
}

// NormalizeBackward performs dx = k*((dy - a) - h*b) with h = (x - Mean)*Scale
// and k = Gain*Scale, element by element, each operation rounded: the derivative
// of [Normalize], if a is the mean of dy, b that of dy*h, and the channel's
// numbers are those of x. It panics if the lengths differ.
func NormalizeBackward(dx, dy, x []float32, f NormFactors, a, b float32) {
	equal("NormalizeBackward", len(dx), len(dy))
	equal("NormalizeBackward", len(dx), len(x))
	if normalizeBackwardVec(dx, dy, x, f, a, b) {
		return
	}
	k := f.Gain * f.Scale
	for i, v := range x {
		h := float32((v - f.Mean) * f.Scale)
		dx[i] = k * ((dy[i] - a) - float32(h*b))
	}
}
