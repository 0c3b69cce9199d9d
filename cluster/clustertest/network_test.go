package clustertest

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/internal/bubble"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func echo(_ context.Context, _ string, req []byte) ([]byte, error) { return req, nil }

// pair returns two endpoints that serve.
func pair(t *testing.T) (*Network, *Endpoint, *Endpoint) {
	n := New()
	a, b := n.Endpoint(), n.Endpoint()
	for _, e := range []*Endpoint{a, b} {
		if err := e.Serve(echo); err != nil {
			t.Fatal(err)
		}
	}
	return n, a, b
}

func TestHowMessagesFare(t *testing.T) {
	for name, c := range map[string]struct {
		do      func(n *Network, a, b *Endpoint)
		call    error // nil: answered
		dial    bool
		packets int
	}{
		"nothing":        {func(*Network, *Endpoint, *Endpoint) {}, nil, true, 1},
		"cut":            {func(n *Network, a, b *Endpoint) { n.Cut(b, a) }, context.DeadlineExceeded, false, 0},
		"healed":         {func(n *Network, a, b *Endpoint) { n.Cut(b, a); n.Heal(a, b) }, nil, true, 1},
		"partition":      {func(n *Network, a, b *Endpoint) { n.Partition([]*Endpoint{a}, []*Endpoint{b}) }, context.DeadlineExceeded, false, 0},
		"receiver froze": {func(n *Network, a, b *Endpoint) { n.Freeze(b) }, context.DeadlineExceeded, true, 0},
		"sender froze":   {func(n *Network, a, b *Endpoint) { n.Freeze(a) }, context.DeadlineExceeded, false, 0},
		"thawed":         {func(n *Network, a, b *Endpoint) { n.Freeze(b); n.Thaw(b) }, nil, true, 1},
		"dead":           {func(n *Network, a, b *Endpoint) { n.Kill(b); n.Kill(b) }, cluster.ErrRefused, false, 0},
	} {
		bubble.Test(t, func(t *testing.T) {
			n, a, b := pair(t)
			defer n.Close()
			c.do(n, a, b)

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := a.Call(ctx, b.Addr(), []byte("x")); !errors.Is(err, c.call) {
				t.Errorf("%s: call: %v", name, err)
			}
			begun := time.Now()
			s, err := a.DialTimeout(b.Addr(), time.Second)
			if (err == nil) != c.dial {
				t.Errorf("%s: dial: %v", name, err)
			}
			if err == nil {
				s.Close()
			} else if took := time.Since(begun); errors.Is(err, os.ErrDeadlineExceeded) != (took == time.Second) {
				t.Errorf("%s: dial: %v after %v", name, err, took)
			}
			if _, err := a.WriteTo([]byte("x"), b.Addr()); err != nil || len(b.PacketCh()) != c.packets {
				t.Errorf("%s: packet: %v, %d arrived", name, err, len(b.PacketCh()))
			}
		})
	}
}

func TestStreamsLoseWhatIsWrittenIntoACutAndBreakWithADeath(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		defer n.Close()
		near, err := a.DialTimeout(b.Addr(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		far := <-b.StreamCh()
		if near.RemoteAddr().String() != b.Addr() || far.RemoteAddr().String() != a.Addr() {
			t.Errorf("from %v to %v", far.RemoteAddr(), near.RemoteAddr())
		}
		go near.Write([]byte("hi"))
		got := make([]byte, 2)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "hi" {
			t.Errorf("%q, %v", got, err)
		}
		n.Cut(a, b)
		if _, err := near.Write([]byte("hi")); err != nil {
			t.Error(err)
		}
		far.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := far.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read through a cut: %v", err)
		}
		n.Kill(a)
		far.SetReadDeadline(time.Time{})
		if _, err := far.Read(got); err == nil {
			t.Error("the stream outlived its process")
		}
	})
}

func TestACallBreaksWithTheDeathOfItsReceiver(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		defer n.Close()
		b.Serve(func(ctx context.Context, _ string, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
		done := make(chan error)
		go func() {
			_, err := a.Call(t.Context(), b.Addr(), nil)
			done <- err
		}()
		synctest.Wait()
		n.Kill(b)
		if err := <-done; err == nil || errors.Is(err, cluster.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}
