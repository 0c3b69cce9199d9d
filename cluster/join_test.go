package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// joiner places a process that looks for the nodes.
func (s *sim) joiner(name string, nodes []*actor) *actor {
	a := s.place(name)
	for _, n := range nodes {
		a.cfg.Join = append(a.cfg.Join, n.end.Addr())
	}
	return a
}

func TestNewcomerIsTakenIn(t *testing.T) {
	for _, name := range []string{"a", "n2x", "z"} {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(4)
			pass(3 * time.Second)
			a := s.joiner(name, nodes).start()
			r2 := s.next(r.Generation, append(nodes, a)...)
			if took := time.Since(a.begun); took > 300*time.Millisecond {
				t.Errorf("%s: %v", name, took)
			}
			_, cause := nodes[1].over(r, 0)
			if e, ok := errors.AsType[*cluster.SupersededError](cause); !ok || e.Generation != r2.Generation || !strings.Contains(e.Reason, a.name()+" joins") {
				t.Errorf("%v", cause)
			}
			a.calm(r2, 10*time.Second)
		})
	}
}

// A burst of newcomers costs one ring, or two.
func TestNewcomersComeTogether(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(2)
		all := nodes
		for _, name := range []string{"a", "b", "p", "q", "x", "y"} {
			all = append(all, s.joiner(name, nodes).start())
			pass(5 * time.Millisecond)
		}
		r2 := s.next(r.Generation, all...)
		if r2.Generation > r.Generation+2 {
			t.Errorf("generation %d", r2.Generation)
		}
	})
}

func TestNodesBeyondTheShardsAreSpares(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(2, func(c *cluster.Config) { c.Shards = 2 })
		spare := s.joiner("z", nodes)
		spare.cfg.Shards = 2
		r = s.next(r.Generation, append(nodes, spare.start())...)
		if lo, hi := r.Range(2); lo != 2 || hi != 2 {
			t.Errorf("the spare hosts shards %d to %d", lo, hi)
		}
		nodes[0].kill()
		r = s.next(r.Generation, nodes[1], spare)
		if lo, hi := r.Range(1); lo != 1 || hi != 2 {
			t.Errorf("the spare hosts shards %d to %d after a death", lo, hi)
		}
	})
}

// Below the minimum everybody waits and says so; a newcomer ends that.
func TestBelowTheMinimum(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3, func(c *cluster.Config) { c.Min = 3 })
		nodes[0].kill()
		pass(5 * time.Minute)
		for _, a := range nodes[1:] {
			why, since := a.node.Waiting()
			if !strings.Contains(why, "2 of 3 nodes here") || time.Since(since) < 4*time.Minute {
				t.Errorf("%s waits %q since %v", a.cfg.Name, why, since)
			}
		}
		fresh := s.joiner("n9", nodes[1:])
		fresh.cfg.Min = 3
		s.next(r.Generation, nodes[1], nodes[2], fresh.start())
		if took := time.Since(fresh.begun); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A replacement comes before the death of the one it replaces is noticed.
func TestReplacementForAFullRing(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3, func(c *cluster.Config) { c.Max = 3 })
		s.net.Freeze(nodes[1].end)
		fresh := s.joiner("n9", nodes)
		fresh.cfg.Max = 3
		r = s.next(r.Generation, nodes[0], nodes[2], fresh.start())
		s.net.Thaw(nodes[1].end) // it waits for a place
		pass(30 * time.Second)
		if why, _ := nodes[1].node.Waiting(); !strings.Contains(why, "3 of at most 3 nodes") {
			t.Errorf("waits %q", why)
		}
		nodes[2].kill()
		s.next(r.Generation, nodes[0], nodes[1], fresh)
	})
}

// The ring is being formed again when somebody comes.
func TestJoinWhileForming(t *testing.T) {
	for _, gap := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond} {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(4)
			a := s.joiner("a", nodes).start()
			pass(gap)
			nodes[0].kill()
			s.next(r.Generation, nodes[1], nodes[2], nodes[3], a)
			if took := time.Since(a.begun); took > time.Second {
				t.Errorf("gap %v: %v", gap, took)
			}
		})
	}
}

func TestStrangerDoesNotStopARing(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3)
		a := s.joiner("a", nodes)
		a.cfg.Shards = 5 // which a hello does not compare
		_, err := a.start().await()
		if e, ok := errors.AsType[*cluster.RefusedError](err); !ok || e.Field != cluster.FieldShards {
			t.Errorf("%v", err)
		}
		for _, n := range nodes {
			n.calm(r, 10*time.Second)
		}
	})
}

func TestOtherGroupsAreRefused(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3, func(c *cluster.Config) { c.Groups = 4 })
		if r.Groups != 4 || r.Shards[1] != 2 {
			t.Errorf("a ring in groups of two: %+v", r)
		}
		a := s.joiner("a", nodes)
		_, err := a.start().await()
		if e, ok := errors.AsType[*cluster.RefusedError](err); !ok || e.Field != cluster.FieldGroups {
			t.Errorf("%v", err)
		}
		b := s.joiner("b", nodes)
		b.cfg.Groups = 4
		b.start()
		s.next(r.Generation, append(nodes, b)...)
	})
}

func TestGenerationsAreAboveWhatACheckpointKnows(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(3, 3)
		nodes[2].cfg.Generation = 41
		for _, a := range nodes {
			a.start()
		}
		if r := s.ring(nodes...); r.Generation != 42 {
			t.Errorf("generation %d", r.Generation)
		}
	})
}

func TestQuorumOfOneGoesOnInSilence(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(2, func(c *cluster.Config) { c.Quorum = 1 })
		s.net.Freeze(nodes[0].end)
		nodes[0].note(func() { nodes[0].killed = true }) // it goes on as well: that is what was asked for
		s.next(r.Generation, nodes[1])
	})
}
