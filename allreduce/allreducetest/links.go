package allreducetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
)

// testLink checks the contract of Link, without a ring around it.
func testLink(t *testing.T, open func(*testing.T, int) Net) {
	t.Run("Order", func(t *testing.T) { testOrder(t, open(t, 2)) })
	t.Run("Home", func(t *testing.T) { testHome(t, open(t, 2)) })
	t.Run("SlowReceiver", func(t *testing.T) { testSlowReceiver(t, open(t, 2)) })
	t.Run("BlockedSend", func(t *testing.T) { testBlockedSend(t, open(t, 3)) })
	t.Run("Abort", func(t *testing.T) { testAbort(t, open(t, 4)) })
	t.Run("CloseWaits", func(t *testing.T) { testCloseDelivers(t, open(t, 2)) })
}

// numbered makes a frame whose every byte tells its number.
func numbered(from allreduce.Lender, i, size int) *allreduce.Frame {
	f := from.Get(allreduce.HeaderSize + size)
	h := allreduce.Header{
		Phase: allreduce.PhaseGather, Leg: allreduce.Record,
		Step: uint64(i), Length: uint32(size), Total: uint64(size),
	}
	b := h.Append(f.Bytes()[:0])
	for j := range size {
		b = append(b, byte(i+j))
	}
	return f
}

// lender is where a ring takes its frames for l; of links without memory of
// their own that is a pool.
func lender(l allreduce.Link) allreduce.Lender {
	if from, ok := l.(allreduce.Lender); ok {
		return from
	}
	return new(allreduce.Pool)
}

// checkNumbered releases f if it is frame i.
func checkNumbered(f *allreduce.Frame, i, size int) error {
	h, err := f.Header()
	if err != nil {
		return err
	}
	if h.Step != uint64(i) || int(h.Length) != size {
		return fmt.Errorf("frame %d of %d bytes, want %d of %d", h.Step, h.Length, i, size)
	}
	for j, v := range f.Payload() {
		if v != byte(i+j) {
			return fmt.Errorf("frame %d: byte %d is %d, want %d", i, j, v, byte(i+j))
		}
	}
	f.Release()
	return nil
}

// pump sends count frames while it receives as many. Sizes go from nothing to
// the largest, so that transports meet all their buffer classes.
func pump(ctx context.Context, l allreduce.Link, count int) error {
	size := func(i int) int { return min(allreduce.MaxPayload, i*i*37%200_000) }
	sent := make(chan error, 1)
	go func() {
		from := lender(l)
		for i := range count {
			if err := l.Send(ctx, numbered(from, i, size(i))); err != nil {
				sent <- err
				return
			}
		}
		sent <- l.Send(ctx, numbered(from, count, allreduce.MaxPayload))
	}()
	for i := range count {
		f, err := l.Recv()
		if err == nil {
			err = checkNumbered(f, i, size(i))
		}
		if err != nil {
			return err
		}
	}
	f, err := l.Recv()
	if err == nil {
		err = checkNumbered(f, count, allreduce.MaxPayload)
	}
	return errors.Join(err, <-sent)
}

// testOrder checks order and content while sender's frames go round its pool:
// a transport that gives a frame back too early mangles a later one.
func testOrder(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	links := net.Open(t)
	if err := errors.Join(Each(2, func(r int) error { return pump(ctx, links[r], 100) })...); err != nil {
		t.Error(err)
	}
}

// testHome checks that frames, sent and received, are used again: a transport
// that forgets to release them makes every step allocate its gradient.
func testHome(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	links := net.Open(t)
	from := lender(links[0])
	sent, received := map[*allreduce.Frame]bool{}, map[*allreduce.Frame]bool{}
	const count = 200
	for i := range count {
		f := numbered(from, i, i%2*50_000) // the smallest class, too
		sent[f] = true
		if err := links[0].Send(ctx, f); err != nil {
			t.Fatal(err)
		}
		f, err := links[1].Recv()
		if err != nil {
			t.Fatal(err)
		}
		received[f] = true
		f.Release()
	}
	if len(sent) > count/4 || len(received) > count/4 {
		t.Errorf("%d frames took the memory of %d sent and %d received ones", count, len(sent), len(received))
	}
}

// testSlowReceiver lets the sender run into a receiver that is not there yet.
func testSlowReceiver(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	links := net.Open(t)
	started := make(chan struct{})
	const count, size = 40, 50_000
	errs := Each(2, func(r int) error {
		if r == 0 {
			from := lender(links[0])
			for i := range count {
				if i == 2 {
					close(started)
				}
				if err := links[0].Send(ctx, numbered(from, i, size)); err != nil {
					return err
				}
			}
			return nil
		}
		<-started
		for i := range count {
			f, err := links[1].Recv()
			if err == nil {
				err = checkNumbered(f, i, size)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// flood sends until it is stopped.
func flood(ctx context.Context, l allreduce.Link) error {
	from := lender(l)
	for i := 0; ; i++ {
		if err := l.Send(ctx, numbered(from, i, 100_000)); err != nil {
			return err
		}
	}
}

// testBlockedSend checks that a Send to a node that reads nothing ends with
// its context, and with the loss of the node on the other side.
func testBlockedSend(t *testing.T, net Net) {
	links := net.Open(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	done := make(chan error, 1)
	go func() { done <- flood(ctx, links[0]) }() // node 1 reads nothing
	cancel(enough)
	if err := <-done; err != enough {
		t.Errorf("cancelled Send: %v, want the cause", err)
	}
	wait, stop := deadline(t)
	defer stop()
	go func() { done <- flood(wait, links[0]) }()
	net.Kill(2) // node 0's previous one
	if pe, ok := errors.AsType[*allreduce.PeerError](<-done); !ok || pe.Rank != 2 {
		t.Errorf("Send beside a lost node: %v, want a PeerError of rank 2", pe)
	}
	if _, err := links[1].Recv(); err == nil {
		return // a frame of the flood
	} else if pe, ok := errors.AsType[*allreduce.PeerError](err); !ok {
		t.Errorf("Recv beside a lost node: %v, want a PeerError", pe)
	}
}

// testAbort checks that an abort reaches both neighbours by name, in Send and
// in Recv.
func testAbort(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	links := net.Open(t)
	errs := Each(4, func(r int) error {
		switch r {
		case 0: // next of 3
			_, err := links[0].Recv()
			return err
		case 2: // previous of 3
			return flood(ctx, links[2])
		case 3:
			links[3].Abort(errors.New("smoke"))
		}
		return nil
	})
	for _, r := range []int{0, 2} {
		if pe, ok := errors.AsType[*allreduce.PeerError](errs[r]); !ok || pe.Rank != 3 || pe.Peer != Name(3) || !strings.Contains(pe.Error(), "smoke") {
			t.Errorf("rank %d: %v, want a PeerError of rank 3: smoke", r, errs[r])
		}
	}
	if err := links[3].Send(ctx, numbered(new(allreduce.Pool), 0, 10)); err == nil {
		t.Error("Send on an aborted link succeeds")
	}
}

// testCloseDelivers checks that what was sent before Close arrives, then
// ErrLeft, and that the node left behind may then close too.
func testCloseDelivers(t *testing.T, net Net) {
	ctx, cancel := deadline(t)
	defer cancel()
	links := net.Open(t)
	const count, size = 12, 60_000
	errs := Each(2, func(r int) error {
		if r == 0 {
			from := lender(links[0])
			for i := range count {
				if err := links[0].Send(ctx, numbered(from, i, size)); err != nil {
					return err
				}
			}
			return links[0].Close()
		}
		for i := range count {
			f, err := links[1].Recv()
			if err == nil {
				err = checkNumbered(f, i, size)
			}
			if err != nil {
				return err
			}
		}
		if _, err := links[1].Recv(); !errors.Is(err, allreduce.ErrLeft) {
			return fmt.Errorf("after the last frame: %v, want ErrLeft", err)
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if err := flood(ctx, links[1]); !errors.Is(err, allreduce.ErrLeft) {
		t.Errorf("Send to a node that left: %v, want ErrLeft", err)
	}
}
