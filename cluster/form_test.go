package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// permutations calls f with every order of 0..n-1.
func permutations(n int, f func(order []int)) {
	var rec func(done []int, used int)
	rec = func(done []int, used int) {
		if len(done) == n {
			f(done)
			return
		}
		for i := range n {
			if used&(1<<i) == 0 {
				rec(append(done[:len(done):len(done)], i), used|1<<i)
			}
		}
	}
	rec(nil, 0)
}

func TestAnyStartOrderFormsOneRing(t *testing.T) {
	worst := time.Duration(0)
	permutations(4, func(order []int) {
		for _, gap := range []time.Duration{0, 70 * time.Millisecond} {
			simulate(t, func(t *testing.T, s *sim) {
				nodes := s.cast(4, 4)
				for _, i := range order {
					nodes[i].start()
					pass(gap)
				}
				last := nodes[order[3]].begun
				s.ring(nodes...)
				if gap == 0 {
					worst = max(worst, time.Since(last))
				}
				for _, a := range nodes {
					a.node.Finish(nil)
				}
			})
		}
	})
	t.Logf("worst of 24 start orders, simulated time: ring formed %v after the last start", worst)
	if worst > 500*time.Millisecond {
		t.Error("want less than 0.5 s")
	}
}

func TestLoneNodeFormsAtOnce(t *testing.T) {
	for _, nodes := range []int{0, 1} {
		simulate(t, func(t *testing.T, s *sim) {
			a := s.place("solo")
			a.cfg.Nodes = nodes
			r := s.ring(a.start())
			if took := time.Since(a.begun); took != 0 {
				t.Errorf("took %v", took)
			}
			if r.Generation != 1 || r.Shards[1] != 8 {
				t.Errorf("roster %+v", r)
			}
			if _, err := a.node.Await(canceled(t), 1); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting for the next generation: %v", err)
			}
		})
	}
}

// canceled returns a context that has ended.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestAsManyAsComeWithinTheQuietTime(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(5, 0)
		for _, a := range nodes {
			a.start()
			pass(600 * time.Millisecond) // less than Settle apart
		}
		s.ring(nodes...)
		if took := time.Since(nodes[4].begun); took < time.Second || took > 1500*time.Millisecond {
			t.Errorf("formed %v after the last one came, want one second of quiet", took)
		}
	})
}

func TestJoinerNeverFormsAlone(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		seed := s.cast(1, 0)[0].start()
		_, err := seed.await()
		if err == nil || !strings.Contains(err.Error(), "no ring after 1m0s: waiting for a second node") {
			t.Errorf("a seed without company: %v", err)
		}
	})
}

func TestMissingSeedIsNamed(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		seed, other := s.place("seed"), s.place("other")
		s.net.Kill(other.end)
		a := s.place("a")
		a.cfg.Join = []string{seed.end.Addr(), other.end.Addr()}
		_, err := a.start().await()
		for _, want := range []string{"nobody answered within 1m0s", "10.0.0.1:7946 (", "10.0.0.2:7946 (", "connection refused", "check the address, the port and the firewall"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want %q in it", err, want)
			}
		}
		if took := time.Since(a.begun); took < time.Minute || took > 62*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestJoinEndsWithItsContext(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		seed, a := s.place("seed"), s.place("a")
		a.cfg.Join = []string{seed.end.Addr()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := cluster.Join(ctx, a.cfg)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestBadConfigIsToldAtOnce(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		a := s.place("bad name")
		a.cfg.Nodes, a.cfg.Join, a.cfg.Token = 9, []string{"nowhere"}, strings.Repeat("t", 65)
		a.cfg.Settle = -1
		_, err := a.start().await()
		for _, want := range []string{`node name "bad name"`, "9 nodes for 8 shards", `join address "nowhere"`, "token of 65 bytes", "negative duration"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	})
}
