package allreduce_test

import (
	"errors"
	"math/bits"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// TestChordsTakeFewHops gathers over edges that take a while each: ⌈log2 N⌉ of
// them with chords, N-1 without. By default a ring of ChordNodes has chords, and
// a smaller one has none.
func TestChordsTakeFewHops(t *testing.T) {
	const hop = 10 * time.Millisecond
	always := allreduce.Sizes{Chords: 1}
	for _, c := range []struct {
		nodes int
		sizes allreduce.Sizes
		hops  int
	}{
		{2, always, 1}, {3, always, 2}, {5, always, 3}, {8, always, 3}, {9, always, 4},
		{allreduce.ChordNodes - 1, allreduce.Sizes{}, allreduce.ChordNodes - 2},
		{allreduce.ChordNodes, allreduce.Sizes{}, bits.Len(allreduce.ChordNodes - 1)},
	} {
		bubble.Test(t, func(t *testing.T) {
			bounds := allreducetest.Bounds(c.nodes, c.nodes)
			net, m := memNet(c.nodes)
			for from := range c.nodes {
				for to := range c.nodes {
					m.Delay(allreducetest.Name(from), allreducetest.Name(to), hop)
				}
			}
			var n atomic.Int64
			m.Watch(func(string, string, allreduce.Header) { n.Add(1) })
			rings := net.Form(t, bounds, c.sizes)
			start := time.Now()
			errs := allreducetest.Each(c.nodes, func(r int) error {
				_, err := rings[r].At(1).LogSumExp(t.Context(), make([][3]float64, 1))
				return err
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d != time.Duration(c.hops)*hop || n.Load() != int64(c.hops*c.nodes) {
				t.Errorf("%d nodes, %+v: %v and %d frames, want %d hops", c.nodes, c.sizes, d, n.Load(), c.hops)
			}
		})
	}
}

// TestCutChord cuts a chord under a ring: one of its nodes at least notices that
// it has lost the other, and all hear of it at once. With so many edges, what one
// node hears may overtake what it would have noticed itself, and then it names
// who told it.
func TestCutChord(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		const nodes, from, to = 6, 1, 5
		net, m := memNet(nodes)
		bounds := allreducetest.Bounds(8, nodes)
		rings := net.Form(t, bounds, chorded)
		start := time.Now()
		m.Cut(allreducetest.Name(from), allreducetest.Name(to))
		errs := allreducetest.Each(nodes, func(r int) error {
			_, err := rings[r].At(5).Gather(t.Context(), make([][]float64, bounds[r+1]-bounds[r]))
			return err
		})
		noticed := false
		for r, err := range errs {
			pe, ok := errors.AsType[*allreduce.PeerError](err)
			if !ok || !errors.Is(err, allreduce.ErrLost) && !errors.Is(err, allreduce.ErrGaveUp) {
				t.Errorf("rank %d: %v, want a lost peer, or one that gave up", r, err)
				continue
			}
			noticed = noticed || errors.Is(err, allreduce.ErrLost) && (r == from && pe.Rank == to || r == to && pe.Rank == from)
		}
		if !noticed {
			t.Errorf("neither node %d nor %d has lost the other: %v", from, to, errs)
		}
		if d := time.Since(start); d > 0 {
			t.Errorf("took %v", d)
		}
	})
}

// TestChordAhead lets all nodes but one get as far as they can before that one
// begins: its chords bring frames of later collectives before those of the
// first are all there.
func TestChordAhead(t *testing.T) {
	for late := range 5 {
		bubble.Test(t, func(t *testing.T) {
			bounds := allreducetest.Bounds(8, 5)
			net, m := memNet(5)
			m.Delay(allreducetest.Name(0), allreducetest.Name(2), time.Second)
			rings := net.Form(t, bounds, chorded)
			begin := make(chan struct{})
			time.AfterFunc(time.Minute, func() { close(begin) })
			errs := allreducetest.Each(5, func(r int) error {
				if r == late {
					<-begin
				}
				return errors.Join(step(t.Context(), rings[r], bounds, r), step(t.Context(), rings[r], bounds, r))
			})
			if err := errors.Join(errs...); err != nil {
				t.Errorf("rank %d late: %v", late, err)
			}
		})
	}
}

// TestBadBundle has a node send a bundle that no ring in order would. The others
// name it.
func TestBadBundle(t *testing.T) {
	for name, edit := range map[string]func(h *allreduce.Header, payload []byte){
		"length": func(_ *allreduce.Header, payload []byte) { payload[0]++ },
		"record": func(_ *allreduce.Header, payload []byte) { payload[1]++ }, // it announces a value
		"leg":    func(h *allreduce.Header, _ []byte) { h.Leg = allreduce.Record },
		"sender": func(h *allreduce.Header, _ []byte) { h.Chunk = 1 },
		"offset": func(h *allreduce.Header, _ []byte) { h.Offset, h.Total = 1, h.Total+1 },
	} {
		links, rings := besideLinks(t)
		errs := allreducetest.Each(3, func(r int) error {
			if r > 0 {
				_, err := rings[r-1].At(1).Gather(t.Context(), make([][]float64, 1))
				return err
			}
			f, err := links[0].Recv() // one in order, to make a bad one of
			if err != nil {
				return err
			}
			h, _ := f.Header()
			h.Chunk = 0
			edit(&h, f.Payload())
			h.Append(f.Bytes()[:0])
			return links[0].Send(t.Context(), f)
		})
		for r := 1; r < 3; r++ {
			pe, ok := errors.AsType[*allreduce.PeerError](errs[r])
			if !ok || pe.Rank != 0 || r == 1 && !errors.Is(pe, allreduce.ErrFrame) {
				t.Errorf("%s: rank %d: %v, want a PeerError of rank 0", name, r, errs[r])
			}
		}
		for i := range rings {
			rings[i].Close()
			links[i].Close()
		}
	}
}

// besideLinks forms the rings of ranks 1 and 2 of three, and returns them with
// the bare links of rank 0: to 1 from 2, and to 2 from 1.
func besideLinks(t *testing.T) (links []allreduce.Link, rings []*allreduce.Ring) {
	net, m := memNet(3)
	links, rings = make([]allreduce.Link, 2), make([]*allreduce.Ring, 2)
	errs := allreducetest.Each(4, func(i int) (err error) {
		top := net.Topology(max(0, i-1), allreducetest.Bounds(3, 3), chorded)
		if i < 2 {
			top.Stride = i + 1
			links[i], err = m.Open(t.Context(), top)
		} else {
			rings[i-2], err = allreduce.Form(t.Context(), m, top)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return links, rings
}
