package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
)

// sim runs real nodes with real gossip on a simulated network, in simulated
// time. Each node's program does what training does: it awaits a ring, stays
// on it until it is over, and awaits the next. A bystander watches all of them.
type sim struct {
	t     *testing.T
	net   *clustertest.Network
	nodes []*actor

	counter uint64 // see work

	mu      sync.Mutex
	changed chan struct{}       // closed and replaced at each change of what follows
	agreed  map[uint64][]*actor // generation -> who has been on it
	ctx     context.Context     // ends before the nodes leave
	cancel  context.CancelFunc
	lenient bool // a generation may be agreed on twice
}

// actor is one process of a simulation.
type actor struct {
	sim   *sim
	end   *clustertest.Endpoint
	cfg   cluster.Config
	begun time.Time

	joined chan struct{} // closed when Join has returned
	done   chan struct{} // closed when the program has ended
	node   *cluster.Node

	// Guarded by sim.mu.
	killed bool
	hangs  bool              // its program does not leave a ring that is over
	err    error             // of Join, or of Await
	on     cluster.Roster    // Generation 0: waits
	last   uint64            // the highest generation it was on
	was    map[uint64]uint64 // the rosters it was on: generation -> hash
	causes map[uint64]error  // why they ended
}

// simulate runs f in a bubble of simulated time and ends whatever f started.
func simulate(t *testing.T, f func(t *testing.T, s *sim)) {
	synctest.Test(t, func(t *testing.T) {
		s := &sim{t: t, net: clustertest.New(), changed: make(chan struct{}), agreed: make(map[uint64][]*actor)}
		s.ctx, s.cancel = context.WithCancel(t.Context())
		defer s.end()
		f(t, s)
	})
}

func (s *sim) end() {
	s.cancel()
	for _, a := range s.nodes {
		if a.begun.IsZero() {
			continue // never started
		}
		<-a.joined
		if a.node != nil {
			if err := a.node.Leave(s.t.Context()); err != nil {
				s.t.Errorf("%s: leave: %v", a.cfg.Name, err)
			}
		}
		s.net.Kill(a.end) // the process ends
		<-a.done
	}
	s.net.Close()
	pass(5 * time.Second) // for memberlist's own timers, which nobody can wait for
}

// pass lets simulated time pass.
func pass(d time.Duration) { <-time.After(d) }

var same = cluster.Identity{Version: "v1", Contract: "c1", Run: "r", Config: "batch=128\nlr=0.05", Data: "d1"}

// place adds a process that has not started.
func (s *sim) place(name string) *actor {
	a := &actor{sim: s, end: s.net.Endpoint(), joined: make(chan struct{}), done: make(chan struct{}), was: make(map[uint64]uint64), causes: make(map[uint64]error)}
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
		defer close(a.done)
		node, err := cluster.Join(a.sim.ctx, a.cfg)
		a.node = node
		close(a.joined)
		if err != nil {
			a.note(func() { a.err = err })
			return
		}
		a.train()
	}()
	return a
}

// train is the program: it goes from ring to ring until there is none to come.
func (a *actor) train() {
	ctx := a.sim.ctx
	for {
		r, err := a.node.Await(ctx, a.last)
		if err != nil {
			a.note(func() { a.err = err })
			return
		}
		during, release := a.node.During(ctx, r)
		a.note(func() { a.on = r; a.sim.observe(a, r); a.last = r.Generation })
		<-during.Done()
		a.note(func() { a.on = cluster.Roster{}; a.causes[r.Generation] = context.Cause(during) })
		release()
		a.sim.unless(func() bool { return a.hangs && a.err == nil })
	}
}

// kill ends the process as kill -9 does.
func (a *actor) kill() {
	a.note(func() { a.killed = true })
	a.sim.net.Kill(a.end)
}

// note changes what is known of the actor and wakes who waits.
func (a *actor) note(f func()) {
	a.sim.mu.Lock()
	defer a.sim.mu.Unlock()
	f()
	close(a.sim.changed)
	a.sim.changed = make(chan struct{})
}

// unless waits while cond, which is called with sim.mu held, holds.
func (s *sim) unless(cond func() bool) {
	for {
		s.mu.Lock()
		holds, changed := cond(), s.changed
		s.mu.Unlock()
		if !holds {
			return
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return
		}
	}
}

// observe checks what must hold of every roster, whatever a test is about.
// sim.mu is held.
func (s *sim) observe(a *actor, r cluster.Roster) {
	if a.killed {
		return // the dead do not count
	}
	for _, b := range s.agreed[r.Generation] {
		if h := b.was[r.Generation]; !b.killed && h != r.Hash() && !s.lenient {
			s.t.Errorf("two rosters of generation %d, one of them %v", r.Generation, r.Names())
		}
	}
	s.agreed[r.Generation] = append(s.agreed[r.Generation], a)
	a.was[r.Generation] = r.Hash()
	if r.Generation <= a.last {
		s.t.Errorf("%s went from generation %d to %d", a.cfg.Name, a.last, r.Generation)
	}
	if i, in := r.Rank(a.node.Self().Name); !in || r.Members[i] != a.node.Self() {
		s.t.Errorf("%s is not in its own roster %v", a.cfg.Name, r.Names())
	}
}

// until waits until cond, which is called with sim.mu held, says "", and fails
// the test with what it says if that takes too long.
func (s *sim) until(within time.Duration, cond func() string) {
	s.t.Helper()
	late := time.After(within)
	for {
		s.mu.Lock()
		why, changed := cond(), s.changed
		s.mu.Unlock()
		if why == "" {
			return
		}
		select {
		case <-changed:
		case <-late:
			s.t.Fatalf("after %v: %s%s", within, why, s.describe())
		}
	}
}

// describe says where all nodes are.
func (s *sim) describe() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, a := range s.nodes {
		if a.begun.IsZero() || a.node == nil {
			continue
		}
		why, _ := a.node.Waiting()
		fmt.Fprintf(&b, "\n\t%s: on generation %d %v, last %d, waits %q, error %v", a.node.Self().Name, a.on.Generation, a.on.Names(), a.last, why, a.err)
	}
	return b.String()
}

// await waits until the actor is on a ring, or has an error.
func (a *actor) await() (r cluster.Roster, err error) {
	a.sim.t.Helper()
	a.sim.until(2*time.Hour, func() string {
		if r, err = a.on, a.err; err == nil && r.Generation == 0 {
			return a.cfg.Name + " is on no ring"
		}
		return ""
	})
	return r, err
}

// patience is how long tests wait for a ring, in simulated time.
const patience = time.Minute

// ring waits until the actors are on one ring of just them.
func (s *sim) ring(actors ...*actor) cluster.Roster { s.t.Helper(); return s.next(0, actors...) }

// next is ring for a ring after the generation.
func (s *sim) next(after uint64, actors ...*actor) (r cluster.Roster) {
	s.t.Helper()
	s.until(patience, func() string {
		r = actors[0].on
		for _, a := range actors {
			if a.err != nil {
				return fmt.Sprintf("%s: %v", a.cfg.Name, a.err)
			}
			if a.on.Generation <= after || a.on.Hash() != r.Hash() || len(a.on.Members) != len(actors) {
				return fmt.Sprintf("the %d are not on one ring of them", len(actors))
			}
		}
		return ""
	})
	return r
}

// over waits until the actor has left the roster r, and returns how long it
// took and the cause.
func (a *actor) over(r cluster.Roster, within time.Duration) (took time.Duration, cause error) {
	a.sim.t.Helper()
	begun := time.Now()
	a.sim.until(within, func() string {
		if cause = a.causes[r.Generation]; cause == nil {
			return fmt.Sprintf("%s is still on generation %d", a.cfg.Name, r.Generation)
		}
		return ""
	})
	return time.Since(begun), cause
}

// calm checks that the actor is on r, and is so for a while.
func (a *actor) calm(r cluster.Roster, during time.Duration) {
	a.sim.t.Helper()
	ctx, release := a.node.During(a.sim.t.Context(), r)
	defer release()
	select {
	case <-ctx.Done():
		a.sim.t.Errorf("%s: generation %d ended: %v", a.cfg.Name, r.Generation, context.Cause(ctx))
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
