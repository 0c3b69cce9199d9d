package allreducetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/internal/logsum"
)

// Run puts a transport through the whole suite. open returns a fresh net,
// which is torn down when t ends.
func Run(t *testing.T, open func(t *testing.T, nodes int) Net) {
	t.Run("Sum", func(t *testing.T) { testSum(t, open, small, Cases) })
	t.Run("Pieces", func(t *testing.T) { testPieces(t, open, small, Cases) })
	t.Run("Scalars", func(t *testing.T) { testScalars(t, open, small, Cases) })
	t.Run("Broadcast", func(t *testing.T) { testBroadcast(t, open) })
	t.Run("Share", func(t *testing.T) { testShare(t, open) })
	t.Run("Cancel", func(t *testing.T) { testCancel(t, open, small) })
	t.Run("Kill", func(t *testing.T) { testKill(t, open, small, 2, 3, 5) })
	t.Run("Leave", func(t *testing.T) { testLeave(t, open, small, Cases) })
	t.Run("Chords", func(t *testing.T) { testChords(t, open) })
	t.Run("Groups", func(t *testing.T) { testGroups(t, open) })
	t.Run("Link", func(t *testing.T) { testLink(t, open) })
	t.Run("Handshake", func(t *testing.T) { testHandshake(t, open) })
}

// Cases are the shard maps worth trying: 8 shards on 1 to 8 nodes, few shards,
// and spares at the start, in the middle, at the end, and around a node that
// hosts everything.
var Cases = [][]int{
	Bounds(8, 1), Bounds(8, 2), Bounds(8, 3), Bounds(8, 4), Bounds(8, 7), Bounds(8, 8),
	Bounds(1, 1), {0, 1, 1}, {0, 0, 1, 1}, Bounds(3, 2), Bounds(3, 3),
	{0, 8, 8}, {0, 0, 3, 8}, {0, 3, 3, 8}, {0, 5, 8, 8}, {0, 0, 4, 4, 8, 8}, {0, 0, 8},
}

// small sizes reach many buckets and segments, and the way of long vectors, with
// short ones.
var small = allreduce.Sizes{Bucket: 64, Segment: 5, Stream: 4 * 65}

// testSum checks that all nodes, for every shard map, get the bits of the
// reference.
func testSum(t *testing.T, open func(*testing.T, int) Net, sizes allreduce.Sizes, cases [][]int) {
	for _, bounds := range cases {
		t.Run(fmt.Sprint(bounds), func(t *testing.T) {
			n, s := len(bounds)-1, bounds[len(bounds)-1]
			net := open(t, n)
			rings := net.Form(t, bounds, sizes)
			for step, length := range []int{0, 1, s - 1, s, s + 1, 61, 64, 65, 997} {
				parts, factors := Inputs(s, length, uint64(length))
				want := make([]float32, length)
				Reference(want, parts, factors, net.Groups, sizes.Bucket)
				errs := Each(n, func(r int) error {
					lo, hi := bounds[r], bounds[r+1]
					dst := inRing(rings[r], slices.Repeat([]float32{float32(math.NaN())}, length))
					mine := make([][]float32, hi-lo)
					for i, p := range parts[lo:hi] {
						mine[i] = inRing(rings[r], p)
					}
					if err := rings[r].At(uint64(step)).Sum(t.Context(), dst, mine, factors[lo:hi]); err != nil {
						return err
					}
					defer clear(dst) // now it is this node's again, whoever has read it
					return sameBits(dst, want)
				})
				if err := errors.Join(errs...); err != nil {
					t.Fatalf("%d floats: %v", length, err)
				}
			}
		})
	}
}

// inRing returns a copy of p in memory of the ring's; of nil, nil.
func inRing(r *allreduce.Ring, p []float32) []float32 {
	if p == nil {
		return nil
	}
	q := r.Alloc(len(p))
	copy(q, p)
	return q
}

func sameBits(got, want []float32) error {
	for i := range want {
		if g, w := math.Float32bits(got[i]), math.Float32bits(want[i]); g != w {
			return fmt.Errorf("element %d is %v (%#x), want %v (%#x)", i, got[i], g, want[i], w)
		}
	}
	return nil
}

// testScalars checks LogSumExp and Gather, with records of other lengths on
// every shard, several collectives in one step.
func testScalars(t *testing.T, open func(*testing.T, int) Net, sizes allreduce.Sizes, cases [][]int) {
	for _, bounds := range cases {
		t.Run(fmt.Sprint(bounds), func(t *testing.T) {
			n, s := len(bounds)-1, bounds[len(bounds)-1]
			rings := open(t, n).Form(t, bounds, sizes)
			records := make([][]float64, s)
			triples := make([][3]float64, s)
			total := logsum.Identity()
			for i := range s {
				for k := range i * 7 % 11 {
					records[i] = append(records[i], float64(k*i)-math.Pi)
				}
				triples[i] = logsum.Of(records[i])
				total = logsum.Fold(total, triples[i])
			}
			errs := Each(n, func(r int) error {
				lo, hi := bounds[r], bounds[r+1]
				for range 3 {
					lse, err := rings[r].At(9).LogSumExp(t.Context(), triples[lo:hi])
					if err != nil {
						return err
					}
					if lse != total {
						return fmt.Errorf("rank %d: LogSumExp %v, want %v", r, lse, total)
					}
					got, err := rings[r].At(9).Gather(t.Context(), records[lo:hi])
					if err != nil {
						return err
					}
					if !slices.EqualFunc(got, records, slices.Equal) {
						return fmt.Errorf("rank %d: Gather %v, want %v", r, got, records)
					}
				}
				return nil
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// testBroadcast sends byte strings from every root.
func testBroadcast(t *testing.T, open func(*testing.T, int) Net) {
	for _, n := range []int{1, 2, 3, 5} {
		rings := open(t, n).Form(t, Bounds(8, n), small)
		for _, size := range []int{0, 1, 20, 21, 1000} {
			for root := range n {
				want := bytes.Repeat([]byte{byte(root + 1), 7}, size)
				errs := Each(n, func(r int) error {
					var p []byte
					if r == root {
						p = want
					}
					got, err := rings[r].At(uint64(size)).Broadcast(t.Context(), root, p)
					if err == nil && !bytes.Equal(got, want) {
						err = fmt.Errorf("rank %d got %d bytes of rank %d, want %d", r, len(got), root, len(want))
					}
					return err
				})
				if err := errors.Join(errs...); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// testShare sends vectors from every root into the memory of the others.
func testShare(t *testing.T, open func(*testing.T, int) Net) {
	for _, n := range []int{1, 2, 3, 5} {
		rings := open(t, n).Form(t, Bounds(8, n), small)
		for _, size := range []int{0, 1, 20, 21, 1000} {
			for root := range n {
				errs := Each(n, func(r int) error {
					a, b := slices.Repeat([]float32{float32(r), 7}, size), []float32{float32(math.NaN()), float32(-r)}
					own := slices.Clone(a)
					err := rings[r].At(uint64(size)).Share(t.Context(), root, a, nil, b)
					if r == root && !slices.Equal(a, own) {
						err = errors.Join(err, errors.New("the root's vector has changed"))
					}
					if err == nil && (!slices.Equal(a, slices.Repeat([]float32{float32(root), 7}, size)) || !math.IsNaN(float64(b[0])) || b[1] != float32(-root)) {
						err = fmt.Errorf("rank %d got %v, %v of rank %d", r, a, b, root)
					}
					return err
				})
				if err := errors.Join(errs...); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// deadline is t's context with the suite's limit.
func deadline(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(t.Context(), limit, errors.New("allreducetest: hangs"))
}
