package kernel

import (
	"fmt"
	"testing"
)

// TestFractions holds every byte, and every length about that of some vectors,
// against a division.
func TestFractions(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		src := make([]uint8, 3*256)
		for i := range src {
			src[i] = uint8(i)
		}
		for n := range len(src) {
			got, want := make([]float32, n+16), make([]float32, n+16)
			for i, p := range src[len(src)-n:] {
				want[i] = float32(p) / 255
			}
			Fractions(got[:n], src[len(src)-n:])
			compare(t, fmt.Sprintf("Fractions of %d", n), got, want)
		}
	})
}
