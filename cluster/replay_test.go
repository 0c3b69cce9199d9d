package cluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
)

// tape is a network that keeps what it sends, as somebody on the way could.
type tape struct {
	*clustertest.Endpoint
	kept *recordings
}

type recordings struct {
	mu             sync.Mutex
	calls, packets []recording
}

type recording struct {
	to   string
	data []byte
}

// Call keeps the question.
func (e tape) Call(ctx context.Context, addr string, req []byte) ([]byte, error) {
	e.kept.mu.Lock()
	e.kept.calls = append(e.kept.calls, recording{addr, slices.Clone(req)})
	e.kept.mu.Unlock()
	return e.Endpoint.Call(ctx, addr, req)
}

// WriteTo keeps the packet.
func (e tape) WriteTo(b []byte, addr string) (time.Time, error) {
	e.kept.mu.Lock()
	e.kept.packets = append(e.kept.packets, recording{addr, slices.Clone(b)})
	e.kept.mu.Unlock()
	return e.Endpoint.WriteTo(b, addr)
}

// Everything that three nodes have said to each other is said again, by
// somebody without the secret, to whom it was said and to the others. Nobody
// is let in, nobody is lost, no ring is formed.
func TestReplayIsHarmless(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		kept := new(recordings)
		nodes := s.cast(4, 3)
		for _, a := range nodes {
			a.cfg.Secret, a.cfg.Network = []byte("secret"), tape{a.end, kept}
		}
		for _, a := range nodes[:3] {
			a.start()
		}
		before := s.ring(nodes[:3]...)
		pass(10 * time.Second) // of gossip and watches
		mallory := s.net.Endpoint()
		kept.mu.Lock()
		calls, packets := slices.Clone(kept.calls), slices.Clone(kept.packets)
		kept.mu.Unlock()
		if len(calls) < 10 || len(packets) < 10 {
			t.Fatalf("%d calls and %d packets are on the tape", len(calls), len(packets))
		}
		hellos := 0
		for _, r := range calls {
			for _, a := range nodes[:3] {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second) // a watch is answered late
				_, err := mallory.Call(ctx, a.end.Addr(), r.data)
				cancel()
				if strings.Contains(string(r.data), `"kind":"hello"`) && a.end.Addr() == r.to {
					hellos++
					if err == nil || !strings.Contains(err.Error(), "this challenge was not issued here, or long ago") {
						t.Errorf("a hello said again: %v", err)
					}
				}
			}
		}
		if hellos == 0 {
			t.Error("no hello is on the tape")
		}
		for _, r := range packets {
			for _, a := range nodes[:3] {
				if _, err := mallory.WriteTo(r.data, a.end.Addr()); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, a := range nodes[:3] {
			a.calm(before, 10*time.Second)
			if _, err := a.node.Await(canceled(t), before.Generation); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: another ring: %v", a.cfg.Name, err)
			}
			a.node.Finish(nil)
		}
		if after := s.ring(nodes[:3]...); after.Hash() != before.Hash() {
			t.Errorf("generation %d of %v", after.Generation, after.Names())
		}
	})
}

var _ cluster.Network = tape{}
