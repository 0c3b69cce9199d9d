package allreduce_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
)

var small = allreduce.Sizes{Bucket: 64, Segment: 8}

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

// frames counts the frames of a step.
func frames(t *testing.T, bounds []int) int {
	net, m := memNet(len(bounds) - 1)
	var n atomic.Int64
	m.Watch(func(string, string, allreduce.Header) { n.Add(1) })
	rings := net.Form(t, bounds, small)
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
	bounds := allreducetest.Bounds(8, 4)
	const dead = 1
	total := frames(t, bounds)
	for at := 1; at <= total; at += 3 {
		synctest.Test(t, func(t *testing.T) {
			net, m := memNet(4)
			var n atomic.Int64
			m.Watch(func(string, string, allreduce.Header) {
				if n.Add(1) == int64(at) {
					net.Kill(dead)
				}
			})
			rings := net.Form(t, bounds, small)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			errs := allreducetest.Each(4, func(r int) error { return step(ctx, rings[r], bounds, r) })
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
	bounds := allreducetest.Bounds(8, 3)
	total := frames(t, bounds)
	for at := 1; at <= total; at += 5 {
		synctest.Test(t, func(t *testing.T) {
			net, m := memNet(3)
			var n atomic.Int64
			m.Watch(func(from, to string, _ allreduce.Header) {
				if n.Add(1) == int64(at) {
					m.Drop(from, to, 1)
				}
			})
			rings := net.Form(t, bounds, small)
			late := errors.New("late")
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, late)
			defer cancel()
			errs := allreducetest.Each(3, func(r int) error { // the second step shows what the first did not
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
	synctest.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 4)
		parts, factors := allreducetest.Inputs(8, 500, 2)
		want := make([]float32, 500)
		allreducetest.Reference(want, parts, factors, small.Bucket)
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
	synctest.Test(t, func(t *testing.T) {
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

// TestEarlyFrames lets all nodes but one get as far as they can before that
// one begins: its receiver parks what comes.
func TestEarlyFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 3)
		net, _ := memNet(3)
		rings := net.Form(t, bounds, small)
		begin := make(chan struct{})
		done := make(chan []error)
		go func() {
			done <- allreducetest.Each(3, func(r int) error {
				if r == 1 {
					<-begin
				}
				return step(t.Context(), rings[r], bounds, r)
			})
		}()
		synctest.Wait()
		close(begin)
		if err := errors.Join(<-done...); err != nil {
			t.Error(err)
		}
	})
}

// TestPark sends more early frames than a node wants to keep.
func TestPark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 3)
		net, _ := memNet(3)
		rings := make([]*allreduce.Ring, 3)
		if err := errors.Join(allreducetest.Each(3, func(r int) (err error) {
			sizes := small
			if r == 1 {
				sizes.Park = 300
			}
			rings[r], err = allreduce.Form(t.Context(), net.Transports[r], net.Topology(r, bounds, sizes))
			return err
		})...); err != nil {
			t.Fatal(err)
		}
		errs := allreducetest.Each(3, func(r int) error {
			if r == 1 {
				synctest.Wait()
			}
			_, err := rings[r].At(0).Gather(t.Context(), make([][]float64, bounds[r+1]-bounds[r]))
			if err == nil {
				err = step(t.Context(), rings[r], bounds, r)
			}
			return err
		})
		pe, ok := errors.AsType[*allreduce.PeerError](errs[1])
		if !ok || pe.Rank != 0 || !errors.Is(pe, allreduce.ErrPark) {
			t.Errorf("%v, want a PeerError of rank 0: ErrPark", errs[1])
		}
		for _, ring := range rings {
			ring.Close()
		}
	})
}

// TestLateBroadcast sends a late node more than it can park.
func TestLateBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounds := allreducetest.Bounds(8, 3)
		net, _ := memNet(3)
		sizes := small
		sizes.Park = 10_000
		rings := net.Form(t, bounds, sizes)
		state := make([]byte, 200_000)
		errs := allreducetest.Each(3, func(r int) error {
			if r == 2 {
				synctest.Wait()
			}
			got, err := rings[r].At(0).Broadcast(t.Context(), 0, state)
			if err == nil && len(got) != len(state) {
				err = errors.New("cut short")
			}
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
}

// TestShareOfAnotherLength: a node whose vectors have other lengths ends the
// ring, and not one byte is written beyond them.
func TestShareOfAnotherLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net, _ := memNet(2)
		rings := net.Form(t, allreducetest.Bounds(8, 2), small)
		errs := allreducetest.Each(2, func(r int) error {
			return rings[r].At(0).Share(t.Context(), 0, make([]float32, 10+r))
		})
		if !errors.Is(errs[1], allreduce.ErrFrame) {
			t.Errorf("%v, expected ErrFrame", errs[1])
		}
		for _, ring := range rings {
			ring.Close()
		}
	})
}

// TestSparesHoldBack checks that a node with all the shards cannot run ahead
// of the spares that only listen.
func TestSparesHoldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounds := []int{0, 8, 8}
		net, _ := memNet(2)
		sizes := small
		sizes.Park = 3000
		rings := net.Form(t, bounds, sizes)
		parts, factors := allreducetest.Inputs(8, 100, 1)
		var steps atomic.Int64
		done := make(chan error)
		go func() {
			var err error
			for k := uint64(0); k < 5 && err == nil; k++ {
				err = rings[0].At(k).Sum(t.Context(), make([]float32, 100), parts, factors)
				steps.Add(1)
			}
			done <- err
		}()
		synctest.Wait()
		if n := steps.Load(); n != 0 {
			t.Errorf("%d steps ahead of the spare", n)
		}
		for k := range uint64(5) {
			if err := rings[1].At(k).Sum(t.Context(), make([]float32, 100), nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestOrder has nodes that do not do the same.
func TestOrder(t *testing.T) {
	bounds := allreducetest.Bounds(2, 2)
	one := func(n int) ([]float32, [][]float32, []float32) {
		return make([]float32, n), [][]float32{make([]float32, n)}, []float32{1}
	}
	for name, c := range map[string]struct {
		other func(ctx context.Context, r *allreduce.Ring) error
		want  error
	}{
		"collective": {func(ctx context.Context, r *allreduce.Ring) error {
			_, err := r.At(3).Gather(ctx, make([][]float64, 1))
			return err
		}, allreduce.ErrOrder},
		"step": {func(ctx context.Context, r *allreduce.Ring) error {
			dst, parts, factors := one(10)
			return r.At(4).Sum(ctx, dst, parts, factors)
		}, allreduce.ErrOrder},
		"length": {func(ctx context.Context, r *allreduce.Ring) error {
			dst, parts, factors := one(11)
			return r.At(3).Sum(ctx, dst, parts, factors)
		}, allreduce.ErrFrame},
	} {
		net, _ := memNet(2)
		rings := net.Form(t, bounds, allreduce.Sizes{})
		errs := allreducetest.Each(2, func(r int) error {
			if r == 1 {
				return c.other(t.Context(), rings[1])
			}
			dst, parts, factors := one(10)
			return rings[0].At(3).Sum(t.Context(), dst, parts, factors)
		})
		if !errors.Is(errors.Join(errs...), c.want) || errs[0] == nil || errs[1] == nil {
			t.Errorf("%s: %v, want %v", name, errs, c.want)
		}
	}
}

// TestBadFrames puts frames on a link that no ring in order would send.
func TestBadFrames(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(h *allreduce.Header)
		want error
	}{
		"run":        {func(h *allreduce.Header) { h.Run++ }, allreduce.ErrRun},
		"generation": {func(h *allreduce.Header) { h.Generation++ }, allreduce.ErrStale},
		"roster":     {func(h *allreduce.Header) { h.Roster++ }, allreduce.ErrRoster},
		"phase":      {func(h *allreduce.Header) { h.Phase = 40 }, allreduce.ErrFrame},
		"length":     {func(h *allreduce.Header) { h.Length = 4 }, allreduce.ErrFrame},
		"bucket":     {func(h *allreduce.Header) { h.Bucket = 9 }, allreduce.ErrFrame},
		"chunk":      {func(h *allreduce.Header) { h.Chunk = 9 }, allreduce.ErrFrame},
		"gap":        {func(h *allreduce.Header) { h.Offset = 1 }, allreduce.ErrFrame},
		"leg":        {func(h *allreduce.Header) { h.Leg = allreduce.Record }, allreduce.ErrFrame},
		"total":      {func(h *allreduce.Header) { h.Total = 99 }, allreduce.ErrFrame},
		"seq":        {func(h *allreduce.Header) { h.Seq = 9 }, allreduce.ErrOrder},
	} {
		net, m := memNet(2)
		bounds := allreducetest.Bounds(2, 2)
		links := make([]allreduce.Link, 1)
		rings := make([]*allreduce.Ring, 1)
		var head allreduce.Header
		m.Watch(func(_, _ string, h allreduce.Header) { head = h })
		allreducetest.Each(2, func(r int) (err error) {
			top := net.Topology(r, bounds, allreduce.Sizes{})
			if r == 0 {
				links[0], err = m.Open(t.Context(), top)
			} else {
				rings[0], err = allreduce.Form(t.Context(), m, top)
			}
			return err
		})
		done := make(chan error, 1)
		go func() {
			done <- rings[0].At(1).Sum(t.Context(), make([]float32, 10), [][]float32{make([]float32, 10)}, []float32{1})
		}()
		f, err := links[0].Recv() // a frame in order, to make a bad one from
		if err != nil {
			t.Fatal(err)
		}
		f.Release()
		h := head
		h.Chunk, h.Length = 0, 4*5
		c.edit(&h)
		bad := new(allreduce.Pool).Get(allreduce.HeaderSize + 4*5)
		h.Append(bad.Bytes()[:0])
		if err := links[0].Send(t.Context(), bad); err != nil {
			t.Fatal(err)
		}
		err = <-done
		pe, ok := errors.AsType[*allreduce.PeerError](err)
		if !ok || pe.Rank != 0 || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want a PeerError of rank 0: %v", name, err, c.want)
		}
		rings[0].Close()
		links[0].Close()
	}
}
