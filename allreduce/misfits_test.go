package allreduce_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// TestShareOfAnotherLength: a node whose vectors have other lengths ends the
// ring, and not one byte is written beyond them.
func TestShareOfAnotherLength(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
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
