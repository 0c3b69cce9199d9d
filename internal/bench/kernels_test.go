package bench

import (
	"context"
	"errors"
	"testing"
)

// TestKernels wants figures that hang together for every product and path.
func TestKernels(t *testing.T) {
	var small []Product
	for _, p := range Products() {
		if p.Operations() < 1e6 {
			small = append(small, p)
		}
	}
	results, err := Kernels(t.Context(), small, 1)
	if err != nil || len(results) < len(small) {
		t.Fatalf("%d results of %d products, %v", len(results), len(small), err)
	}
	for _, r := range results {
		if r.Micros <= 0 || r.Percent <= 0 {
			t.Errorf("%+v", r)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := Kernels(ctx, small, 1); !errors.Is(err, why) {
		t.Errorf("after the end of the context: %v", err)
	}
}

// TestProducts calls each once: the shapes fit the kernels, which panic if not.
func TestProducts(t *testing.T) {
	for _, p := range Products() {
		if p.Operations() < 2e8 {
			p.call()()
		}
	}
}
