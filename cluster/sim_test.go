package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
)

// sim runs real nodes with real gossip on a simulated network, in simulated
// time.
type sim struct {
	t     *testing.T
	net   *clustertest.Network
	nodes []*actor
}

// actor is one process of a simulation.
type actor struct {
	sim   *sim
	end   *clustertest.Endpoint
	cfg   cluster.Config
	begun time.Time

	joined chan struct{} // closed when Join has returned
	node   *cluster.Node
	err    error // of Join
}

// simulate runs f in a bubble of simulated time and ends whatever f started.
func simulate(t *testing.T, f func(t *testing.T, s *sim)) {
	synctest.Test(t, func(t *testing.T) {
		s := &sim{t: t, net: clustertest.New()}
		defer s.end()
		f(t, s)
	})
}

func (s *sim) end() {
	for _, a := range s.nodes {
		<-a.joined
		if a.node != nil {
			if err := a.node.Leave(s.t.Context()); err != nil {
				s.t.Errorf("%s: leave: %v", a.cfg.Name, err)
			}
		}
	}
	s.net.Close()
	pass(5 * time.Second) // for memberlist's own timers, which nobody can wait for
}

// pass lets simulated time pass.
func pass(d time.Duration) { <-time.After(d) }

var same = cluster.Identity{Version: "v1", Contract: "c1", Run: "r", Config: "batch=128\nlr=0.05", Data: "d1"}

// place adds a process that has not started.
func (s *sim) place(name string) *actor {
	a := &actor{sim: s, end: s.net.Endpoint(), joined: make(chan struct{})}
	a.cfg = cluster.Config{Name: name, Identity: same, Shards: 8, StartTimeout: time.Minute, Network: a.end, Log: testLog()}
	s.nodes = append(s.nodes, a)
	return a
}

// testLog shows the nodes' logs when asked to, as SIMLOG=1 go test -v -run X.
func testLog() zerolog.Logger {
	if os.Getenv("SIMLOG") == "" {
		return zerolog.Nop()
	}
	return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: "05.000", NoColor: true}).With().Timestamp().Logger()
}

// cast places n processes of one command: the first is the seed of all.
func (s *sim) cast(n, nodes int) []*actor {
	out := make([]*actor, n)
	for i := range out {
		out[i] = s.place(fmt.Sprintf("n%d", i))
		out[i].cfg.Nodes = nodes
		out[i].cfg.Join = []string{out[0].end.Addr()}
	}
	return out
}

// start starts the process.
func (a *actor) start() *actor {
	a.begun = time.Now()
	go func() {
		defer close(a.joined)
		a.node, a.err = cluster.Join(a.sim.t.Context(), a.cfg)
	}()
	return a
}

// await returns what Await does, or Join's error.
func (a *actor) await() (cluster.Roster, error) {
	<-a.joined
	if a.err != nil {
		return cluster.Roster{}, a.err
	}
	return a.node.Await(a.sim.t.Context(), 0)
}

// ring checks that all actors agree on one ring of just them, in the order of
// their names, and returns it.
func (s *sim) ring(actors ...*actor) cluster.Roster {
	s.t.Helper()
	var first cluster.Roster
	for i, a := range actors {
		r, err := a.await()
		if err != nil {
			s.t.Fatalf("%s: %v", a.cfg.Name, err)
		}
		if i == 0 {
			first = r
		}
		if r.Hash() != first.Hash() || len(r.Members) != len(actors) {
			s.t.Fatalf("%s has generation %d of %v, %s has generation %d of %v",
				a.cfg.Name, r.Generation, r.Names(), actors[0].cfg.Name, first.Generation, first.Names())
		}
		if rank, ok := r.Rank(a.node.Self().Name); !ok || r.Members[rank] != a.node.Self() {
			s.t.Fatalf("%s is not in its own roster %v", a.cfg.Name, r.Names())
		}
	}
	return first
}

// lost receives the next loss that a is told of.
func (a *actor) lost(within time.Duration) (cluster.Loss, time.Duration) {
	a.sim.t.Helper()
	begun := time.Now()
	select {
	case l := <-a.node.Losses():
		return l, time.Since(begun)
	case <-time.After(within):
		a.sim.t.Fatalf("%s was not told of any loss within %v", a.cfg.Name, within)
		panic("unreachable")
	}
}

// calm checks that a is told of no loss for a while.
func (a *actor) calm(during time.Duration) {
	a.sim.t.Helper()
	select {
	case l := <-a.node.Losses():
		a.sim.t.Errorf("%s was told of a loss: %+v", a.cfg.Name, l)
	case <-time.After(during):
	}
}

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
		close(seed.joined) // never started
		close(other.joined)
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
		close(seed.joined)
		a.cfg.Join = []string{seed.end.Addr()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := cluster.Join(ctx, a.cfg)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(a.joined)
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
