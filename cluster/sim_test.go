package cluster_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
	"github.com/ballast-ml/ballast/internal/bubble"
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
	bubble.Test(t, func(t *testing.T) {
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
