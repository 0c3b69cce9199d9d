package kernel

import "unsafe"

// StreamScaledToScaled is [AddScaledToScaled] that writes dst past the caches.
// For vectors that no cache holds this saves reading each line of dst before it
// is overwritten; dst must not overlap the others.
func StreamScaledToScaled(dst []float32, s float32, x []float32, t float32, y []float32) {
	equal("StreamScaledToScaled", len(dst), len(x))
	equal("StreamScaledToScaled", len(dst), len(y))
	head := toLine(dst)
	AddScaledToScaled(dst[:head], s, x[:head], t, y[:head])
	for dst, x, y = dst[head:], x[head:], y[head:]; len(dst) > 0; {
		n := min(portion, len(dst))
		if !streamScaledToScaledVec(dst[:n], s, x, t, y) {
			addScaledToScaledGo(dst[:n], s, x[:n], t, y[:n])
		}
		dst, x, y = dst[n:], x[n:], y[n:]
	}
}

// Stream copies x to dst past the caches. The two must not overlap.
func Stream(dst, x []float32) {
	equal("Stream", len(dst), len(x))
	head := toLine(dst)
	copy(dst[:head], x)
	for dst, x = dst[head:], x[head:]; len(dst) > 0; {
		n := min(portion, len(dst))
		if !streamVec(dst[:n], x) {
			copy(dst[:n], x)
		}
		dst, x = dst[n:], x[n:]
	}
}

// toLine is how many elements of x lie before its first whole cache line.
func toLine(x []float32) int {
	const line = 64
	return min(len(x), int(-uintptr(unsafe.Pointer(unsafe.SliceData(x)))%line)/4)
}
