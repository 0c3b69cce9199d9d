package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

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

// Call keeps the question, if it is answered.
func (e tape) Call(ctx context.Context, addr string, req []byte) ([]byte, error) {
	answer, err := e.Endpoint.Call(ctx, addr, req)
	if err == nil {
		e.kept.mu.Lock()
		e.kept.calls = append(e.kept.calls, recording{addr, slices.Clone(req)})
		e.kept.mu.Unlock()
	}
	return answer, err
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

// What was said while rings were formed, of a loss, a newcomer and a goodbye, is
// said again when a later ring trains: votes, offers, commits, reports, pleas
// and goodbyes of other generations, by the living and the dead. Each is
// refused, counted and logged with the address of who says it; the ring does not
// notice.
func TestReplayAcrossRings(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		kept := new(recordings)
		var log clustertest.Journal
		nodes := s.cast(5, 4)
		for _, a := range nodes {
			a.cfg.Secret, a.cfg.Network, a.cfg.Log = []byte("secret"), tape{a.end, kept}, zerolog.New(&log)
		}
		for _, a := range nodes[:4] {
			a.start()
		}
		r := s.ring(nodes[:4]...)
		nodes[1].kill()
		nodes[0].node.Report(t.Context(), cluster.Loss{Generation: r.Generation, Peer: nodes[1].name(), Reason: "stream ended"})
		r = s.next(r.Generation, nodes[0], nodes[2], nodes[3])
		nodes[4].start()
		r = s.next(r.Generation, nodes[0], nodes[2], nodes[3], nodes[4])
		if err := nodes[3].node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		nodes[3].kill()
		left := []*actor{nodes[0], nodes[2], nodes[4]}
		r = s.next(r.Generation, left...)
		pass(10 * time.Second)

		mallory := s.net.Endpoint()
		kept.mu.Lock()
		calls := slices.Clone(kept.calls)
		kept.mu.Unlock()
		said := map[string]int{}
		for _, c := range calls {
			var e struct{ Kind string }
			if err := json.Unmarshal(c.data, &e); err != nil {
				t.Fatal(err)
			}
			for _, a := range left {
				if a.end.Addr() != c.to || slices.Contains([]string{"challenge", "ping", "status"}, e.Kind) {
					continue // these ask, and change nothing
				}
				said[e.Kind]++
				if _, err := mallory.Call(t.Context(), c.to, c.data); err == nil {
					t.Errorf("%s was obeyed again", e.Kind)
				}
			}
		}
		for _, kind := range []string{"request", "offer", "commit", "plea", "report", "goodbye", "watch"} {
			if said[kind] == 0 {
				t.Errorf("no %s is on the tape: %v", kind, said)
			}
		}
		for _, a := range left {
			a.calm(r, 10*time.Second)
			if _, err := a.node.Await(canceled(t), r.Generation); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: another ring: %v", a.cfg.Name, err)
			}
		}
		if text := log.String(); !strings.Contains(text, "refused a message that was answered before") ||
			!strings.Contains(text, `"peer":"`+mallory.Addr()) || !strings.Contains(text, `"times":`) {
			t.Error("the log does not tell who has said what again")
		}
	})
}

var _ cluster.Network = tape{}
