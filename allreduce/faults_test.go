package allreduce_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/internal/bubble"
)

var small = allreduce.Sizes{Bucket: 64, Segment: 8}

// chorded gives every ring its chords.
var chorded = allreduce.Sizes{Bucket: 64, Segment: 8, Chords: 1}

// step runs all four collectives on one node.
func step(ctx context.Context, ring *allreduce.Ring, bounds []int, r int) error {
	const length = 100
	lo, hi := bounds[r], bounds[r+1]
	parts, factors := allreducetest.Inputs(bounds[len(bounds)-1], length, 1)
	at := ring.At(7)
	if _, err := at.LogSumExp(ctx, make([][3]float64, hi-lo)); err != nil {
		return err
	}
	if err := at.Sum(ctx, make([]float32, length), parts[lo:hi], factors[lo:hi]); err != nil {
		return err
	}
	if _, err := at.Gather(ctx, make([][]float64, hi-lo)); err != nil {
		return err
	}
	_, err := at.Broadcast(ctx, 2, []byte("state"))
	return err
}

// opener is memNet, or the like with groups.
type opener func(nodes int) (allreducetest.Net, *allreduce.Mem)

// frames counts the frames of a step.
func frames(t *testing.T, open opener, bounds []int, sizes allreduce.Sizes) int {
	net, m := open(len(bounds) - 1)
	var n atomic.Int64
	m.Watch(func(string, string, allreduce.Header) { n.Add(1) })
	rings := net.Form(t, bounds, sizes)
	if err := errors.Join(allreducetest.Each(len(rings), func(r int) error {
		return step(t.Context(), rings[r], bounds, r)
	})...); err != nil {
		t.Fatal(err)
	}
	return int(n.Load())
}

// TestKillAnywhere kills a node at every frame of a step. All survivors must
// name it, at once, and say the same again.
func TestKillAnywhere(t *testing.T) {
	killAnywhere(t, memNet, allreducetest.Bounds(8, 4), small)
	killAnywhere(t, memNet, allreducetest.Bounds(8, 5), chorded)
}

func killAnywhere(t *testing.T, open opener, bounds []int, sizes allreduce.Sizes) {
	const dead = 1
	nodes := len(bounds) - 1
	total := frames(t, open, bounds, sizes)
	for at := 1; at <= total; at += 3 {
		bubble.Test(t, func(t *testing.T) {
			net, m := open(nodes)
			var n atomic.Int64
			m.Watch(func(string, string, allreduce.Header) {
				if n.Add(1) == int64(at) {
					net.Kill(dead)
				}
			})
			rings := net.Form(t, bounds, sizes)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			errs := allreducetest.Each(nodes, func(r int) error { return step(ctx, rings[r], bounds, r) })
			if d := time.Since(start); d > 0 {
				t.Errorf("frame %d: took %v", at, d)
			}
			for r, err := range errs {
				if r == dead {
					continue
				}
				if err == nil { // it was done; the next step shows
					err = step(ctx, rings[r], bounds, r)
				}
				pe, ok := errors.AsType[*allreduce.PeerError](err)
				if !ok || pe.Rank != dead || pe.Step != 7 {
					t.Errorf("frame %d: rank %d: %v, want a PeerError of rank %d in step 7", at, r, err, dead)
				}
				if again := step(ctx, rings[r], bounds, r); again != err {
					t.Errorf("frame %d: rank %d: later %v, want %v", at, r, again, err)
				}
			}
		})
	}
}

// TestDropAnywhere loses one frame. Nobody is told, so the ring must notice a
// gap or run into its deadline, on every node.
func TestDropAnywhere(t *testing.T) {
	dropAnywhere(t, memNet, allreducetest.Bounds(8, 3), small)
	dropAnywhere(t, memNet, allreducetest.Bounds(8, 5), chorded)
}

func dropAnywhere(t *testing.T, open opener, bounds []int, sizes allreduce.Sizes) {
	nodes := len(bounds) - 1
	total := frames(t, open, bounds, sizes)
	for at := 1; at <= total; at += 5 {
		bubble.Test(t, func(t *testing.T) {
			net, m := open(nodes)
			var n atomic.Int64
			m.Watch(func(from, to string, _ allreduce.Header) {
				if n.Add(1) == int64(at) {
					m.Drop(from, to, 1)
				}
			})
			rings := net.Form(t, bounds, sizes)
			late := errors.New("late")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, late)
			defer cancel()
			errs := allreducetest.Each(nodes, func(r int) error { // the second step shows what the first did not
				return errors.Join(step(ctx, rings[r], bounds, r), step(ctx, rings[r], bounds, r))
			})
			for r, err := range errs {
				if _, ok := errors.AsType[*allreduce.PeerError](err); !ok && !errors.Is(err, late) {
					t.Errorf("frame %d: rank %d: %v, want a PeerError or the deadline", at, r, err)
				}
			}
		})
	}
}

// TestDelay makes one edge slow. The result is the same, later.
func TestDelay(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 4)
		parts, factors := allreducetest.Inputs(8, 500, 2)
		want := make([]float32, 500)
		allreducetest.Reference(want, parts, factors, 0, small.Bucket)
		net, m := memNet(4)
		rings := net.Form(t, bounds, small)
		m.Delay(allreducetest.Name(1), allreducetest.Name(2), 30*time.Millisecond)
		m.Delay(allreducetest.Name(3), allreducetest.Name(0), 200*time.Millisecond)
		start := time.Now()
		for _, got := range sum(t, rings, bounds, 0, parts, factors, 500) {
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("element %d: %v, want %v", i, got[i], want[i])
				}
			}
		}
		if d := time.Since(start); d < 230*time.Millisecond || d > 10*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// TestRate has a ring take the time of the textbook: every edge carries
// 2(N-1)/N of the bytes, and the last of them is on its way 2(N-1) times.
func TestRate(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		const nodes, length, rate, delay = 4, 1 << 16, 1e6, 10 * time.Millisecond
		bounds := allreducetest.Bounds(nodes, nodes)
		parts, factors := allreducetest.Inputs(nodes, length, 1)
		net, m := memNet(nodes)
		rings := net.Form(t, bounds, allreduce.Sizes{})
		for r := range nodes {
			from, to := allreducetest.Name(r), allreducetest.Name((r+1)%nodes)
			m.Rate(from, to, rate)
			m.Delay(from, to, delay)
		}
		start := time.Now()
		sum(t, rings, bounds, 0, parts, factors, length)
		hop := time.Duration((length/nodes*4+allreduce.HeaderSize)*1e9/rate) + delay
		if d, want := time.Since(start), 2*(nodes-1)*hop; d < want-time.Microsecond || d > want+time.Microsecond {
			t.Errorf("took %v, want %v", d, want)
		}
	})
}
