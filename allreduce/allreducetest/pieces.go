package allreducetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/internal/logsum"
)

// testPieces takes the collectives apart. What is not final yet is NaN, so that
// a Sum which reads it too early is found out, and every node finishes its
// vectors in steps of its own. A node of one shard gets the sum in its place.
func testPieces(t *testing.T, open func(*testing.T, int) Net, sizes allreduce.Sizes, cases [][]int) {
	for _, bounds := range cases {
		t.Run(fmt.Sprint(bounds), func(t *testing.T) {
			n, s := len(bounds)-1, bounds[len(bounds)-1]
			net := open(t, n)
			rings := net.Form(t, bounds, sizes)
			for step, length := range []int{0, 1, s, 65, 997} {
				parts, factors := Inputs(s, length, uint64(length))
				want := make([]float32, length)
				Reference(want, parts, factors, net.Groups, sizes.Bucket)
				triples := make([][3]float64, s)
				total := logsum.Identity()
				for i := range s {
					triples[i] = logsum.Of([]float64{float64(i), float64(step)})
					total = logsum.Fold(total, triples[i])
				}
				errs := Each(n, func(r int) error {
					lo, hi := bounds[r], bounds[r+1]
					at := rings[r].At(uint64(step))
					lse, err := logSumExpInPieces(t.Context(), at, triples[lo:hi])
					if err != nil {
						return err
					}
					if lse != total {
						return fmt.Errorf("LogSumExp %v, want %v", lse, total)
					}
					dst := slices.Repeat([]float32{float32(math.NaN())}, length)
					if err := sumInPieces(t.Context(), rings[r], at, dst, parts[lo:hi], factors[lo:hi], uint64(r)); err != nil {
						return err
					}
					return sameBits(dst, want)
				})
				if err := errors.Join(errs...); err != nil {
					t.Fatalf("%d floats: %v", length, err)
				}
			}
		})
	}
}

func logSumExpInPieces(ctx context.Context, at allreduce.Step, local [][3]float64) ([3]float64, error) {
	if err := at.BeginLogSumExp(ctx, local); err != nil {
		return [3]float64{}, err
	}
	for range 20 {
		if complete, err := at.Poll(ctx); complete || err != nil {
			break // End returns the error too
		}
		runtime.Gosched()
	}
	return at.EndLogSumExp(ctx)
}

func sumInPieces(ctx context.Context, ring *allreduce.Ring, at allreduce.Step, dst []float32, parts [][]float32, factors []float32, seed uint64) error {
	unfinished := make([][]float32, len(parts))
	for i, p := range parts {
		if p != nil {
			unfinished[i] = inRing(ring, slices.Repeat([]float32{float32(math.NaN())}, len(p)))
		}
	}
	if len(unfinished) == 1 && unfinished[0] != nil {
		into := dst
		dst = unfinished[0]
		defer func() { copy(into, dst) }()
	}
	if err := at.BeginSum(ctx, dst, unfinished, factors); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for final := len(dst); final > 0; {
		from := r.IntN(final)
		for i, p := range parts {
			if p != nil {
				copy(unfinished[i][from:final], p[from:final])
			}
		}
		final = from
		if err := at.Final(ctx, final); err != nil {
			break
		}
		runtime.Gosched()
	}
	return at.EndSum(ctx)
}
