package kernel

// fraction is p/255 for each byte p, rounded once.
var fraction = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i) / 255
	}
	return t
}()

// Fractions performs dst = src/255, element by element, rounded once: pixels as
// a network is to see them. It panics if the lengths differ.
func Fractions(dst []float32, src []uint8) {
	equal("Fractions", len(dst), len(src))
	for len(dst) > portion {
		Fractions(dst[:portion], src[:portion])
		dst, src = dst[portion:], src[portion:]
	}
	done := fractionsVec(dst, src)
	dst, src = dst[done:], src[done:]
	for i, p := range src {
		dst[i] = fraction[p]
	}
}
