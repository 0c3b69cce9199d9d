package dataset

import (
	"slices"
	"testing"
)

func TestNoise(t *testing.T) {
	a, b, c := Noise([]int{3, 4, 5}, 3, 200, 1), Noise([]int{3, 4, 5}, 3, 200, 1), Noise([]int{3, 4, 5}, 3, 200, 2)
	if !slices.Equal(a.Train.pixels, b.Train.pixels) || !slices.Equal(a.Train.labels, b.Train.labels) {
		t.Error("two calls differ")
	}
	if slices.Equal(a.Train.pixels, c.Train.pixels) || slices.Equal(a.Train.labels, c.Train.labels) {
		t.Error("the seed changes nothing")
	}
	if n := a.Train.Len(); n != 200 || a.Val.Len() != 0 || a.Test.Len() != 0 || a.Features() != 60 {
		t.Errorf("%d rows of %d values", n, a.Features())
	}
	for class, n := range a.Train.Counts() {
		if n < 40 {
			t.Errorf("class %d of 3 has %d rows of 200", class, n)
		}
	}
}
