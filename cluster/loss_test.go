package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// ringOf forms a ring of n, each with the settings that configure changes.
func (s *sim) ringOf(n int, configure ...func(*cluster.Config)) ([]*actor, cluster.Roster) {
	s.t.Helper()
	nodes := s.cast(n, n)
	for _, a := range nodes {
		for _, change := range configure {
			change(&a.cfg)
		}
		a.start()
	}
	return nodes, s.ring(nodes...)
}

// name returns the full name of the process.
func (a *actor) name() string { return a.node.Self().Name }

// without returns the actors but those of the indices.
func without(nodes []*actor, out ...int) []*actor {
	var rest []*actor
next:
	for i, a := range nodes {
		for _, o := range out {
			if i == o {
				continue next
			}
		}
		rest = append(rest, a)
	}
	return rest
}

func TestDeathOfAnyNodeIsRepairedAtOnce(t *testing.T) {
	for dead := range 4 {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(4)
			pass(5 * time.Second)
			nodes[dead].kill()
			begun := time.Now()
			rest := without(nodes, dead)
			for _, a := range rest {
				_, cause := a.over(r, time.Second)
				l, ok := errors.AsType[*cluster.LossError](cause)
				if !ok || l.Peer != nodes[dead].name() || l.Generation != r.Generation {
					t.Errorf("%s: %v", a.cfg.Name, cause)
				}
			}
			next := s.next(r.Generation, rest...)
			if took := time.Since(begun); took > 100*time.Millisecond || next.Generation != r.Generation+1 {
				t.Errorf("node %d: generation %d after %v", dead, next.Generation, took)
			}
			for _, a := range rest {
				a.calm(next, 10*time.Second)
			}
		})
	}
}

func TestSeveralDieTogether(t *testing.T) {
	for _, dead := range [][]int{{0, 1}, {1, 2}, {0, 2}, {3, 4}, {0, 1, 2}, {0, 1, 2, 3}, {1, 2, 3, 4}} {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(5)
			for _, i := range dead {
				nodes[i].kill()
			}
			begun := time.Now()
			next := s.next(r.Generation, without(nodes, dead...)...)
			if took := time.Since(begun); took > 200*time.Millisecond {
				t.Errorf("dead %v: %v", dead, took)
			}
			pass(3 * time.Second)
			if after := s.ring(without(nodes, dead...)...); after.Hash() != next.Hash() {
				t.Errorf("dead %v: generation %d follows", dead, after.Generation)
			}
		})
	}
}

// Each node dies a moment after the one before it, the leader first.
func TestDeathsInARow(t *testing.T) {
	for _, gap := range []time.Duration{0, time.Microsecond, time.Millisecond, 30 * time.Millisecond, 3 * time.Second} {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(5)
			for i := range 4 {
				nodes[i].kill()
				pass(gap)
			}
			s.next(r.Generation, nodes[4])
		})
	}
}

func TestFrozenNodeIsReplacedAndComesBack(t *testing.T) {
	for frozen := range 4 {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(4)
			s.net.Freeze(nodes[frozen].end)
			begun := time.Now()
			rest := without(nodes, frozen)
			r2 := s.next(r.Generation, rest...)
			took := time.Since(begun)
			t.Logf("node %d: a ring without it after %v", frozen, took)
			if took > 5500*time.Millisecond {
				t.Errorf("node %d: %v, want less than 5.5 s", frozen, took)
			}
			pass(20 * time.Second)
			s.net.Thaw(nodes[frozen].end)
			begun = time.Now()
			_, cause := nodes[frozen].over(r, 2*time.Second)
			t.Logf("node %d: %v", frozen, cause)
			r3 := s.next(r2.Generation, nodes...)
			t.Logf("node %d: back after %v in generation %d", frozen, time.Since(begun), r3.Generation)
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("node %d: back after %v", frozen, took)
			}
		})
	}
}

func TestShortSilenceIsNoLoss(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		s.net.Freeze(nodes[2].end)
		pass(2 * time.Second) // longer than gossip's patience, shorter than ours
		s.net.Thaw(nodes[2].end)
		for _, a := range nodes {
			a.calm(r, 6*time.Second)
		}
	})
}

func TestReportOfADeathNamesTheDead(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		nodes[1].kill()
		nodes[2].node.Report(t.Context(), cluster.Loss{Peer: nodes[1].name(), Step: 17, Phase: "reduce", Reason: "stream reset"})
		for _, a := range without(nodes, 1) {
			took, cause := a.over(r, time.Second)
			l, ok := errors.AsType[*cluster.LossError](cause)
			if !ok || l.Peer != nodes[1].name() || !strings.Contains(l.Reason, "nothing listens at") || took > 100*time.Millisecond {
				t.Errorf("%s after %v: %v", a.cfg.Name, took, cause)
			}
		}
		s.next(r.Generation, without(nodes, 1)...)
	})
}

// When a node dies, its neighbours end their streams, and those at the other
// ends accuse the living: only the dead is left out.
func TestFalseAccusationsBehindADeath(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		nodes[0].node.Report(t.Context(), cluster.Loss{Peer: nodes[3].name(), Reason: "stream ended"})
		nodes[2].kill()
		nodes[3].node.Report(t.Context(), cluster.Loss{Peer: nodes[2].name(), Reason: "stream reset"})
		s.next(r.Generation, without(nodes, 2)...)
	})
}

// The first accusation of a member that answers costs nobody his place, the
// second within a minute does, for a while.
func TestAccusationsOfTheLiving(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		accuse := func(r cluster.Roster) {
			nodes[0].node.Report(t.Context(), cluster.Loss{Generation: r.Generation, Peer: nodes[3].name(), Step: 3, Phase: "reduce", Reason: "stream ended"})
		}
		accuse(r)
		_, cause := nodes[1].over(r, time.Second)
		if _, ok := errors.AsType[*cluster.SupersededError](cause); !ok || !strings.Contains(cause.Error(), "n0#") {
			t.Errorf("%v", cause)
		}
		r2 := s.next(r.Generation, nodes...)
		accuse(r2)
		r3 := s.next(r2.Generation, nodes[:3]...)
		begun := time.Now()
		r4 := s.next(r3.Generation, nodes...)
		if took := time.Since(begun); took < 4*time.Second || took > 8*time.Second {
			t.Errorf("taken in again after %v", took)
		}
		pass(2 * time.Minute)
		accuse(r4) // long after
		s.next(r4.Generation, nodes...)
	})
}

func TestReportsOfOtherGenerationsAndStrangersAreIgnored(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		nodes[0].node.Report(t.Context(), cluster.Loss{Generation: 7, Peer: nodes[1].name()})
		nodes[0].node.Report(t.Context(), cluster.Loss{Peer: "nobody#12345678"})
		for _, a := range nodes {
			a.calm(r, 6*time.Second)
		}
	})
}
