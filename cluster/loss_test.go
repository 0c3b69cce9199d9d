package cluster_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// ringOf forms a ring of n.
func (s *sim) ringOf(n int) ([]*actor, cluster.Roster) {
	s.t.Helper()
	nodes := s.cast(n, n)
	for _, a := range nodes {
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

// One of two goes on if the other is proved dead. In silence only the first
// does.
func TestOneOfTwo(t *testing.T) {
	for survivor := range 2 {
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(2)
			nodes[1-survivor].kill()
			s.next(r.Generation, nodes[survivor])
		})
		simulate(t, func(t *testing.T, s *sim) {
			nodes, r := s.ringOf(2)
			s.net.Freeze(nodes[1-survivor].end)
			pass(10 * time.Second)
			why, _ := nodes[survivor].node.Waiting()
			if survivor == 0 {
				s.next(r.Generation, nodes[0])
				if why != "" {
					t.Errorf("waits: %s", why)
				}
			} else {
				if _, err := nodes[1].node.Await(canceled(t), r.Generation); err == nil {
					t.Error("the second of two went on without proof")
				}
				if !strings.Contains(why, "1 of the 2 members of ring 1 that may be alive are here, 2 are needed: waiting for n0#") {
					t.Errorf("waits: %q", why)
				}
			}
			s.net.Thaw(nodes[1-survivor].end)
			s.next(r.Generation+uint64(1-survivor), nodes...)
		})
	}
}

func TestSilentNodeThatThenDiesFreesTheOther(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(2)
		s.net.Freeze(nodes[0].end)
		pass(10 * time.Second)
		nodes[0].kill()
		s.next(r.Generation, nodes[1])
	})
}

// A partition: only the side with the quorum goes on; after healing all are in
// one ring.
func TestPartitionAndHeal(t *testing.T) {
	for _, c := range []struct {
		n      int
		a, b   []int
		winner string // which goes on
	}{
		{5, []int{0, 1}, []int{2, 3, 4}, "b"},
		{5, []int{0, 1, 2}, []int{3, 4}, "a"},
		{4, []int{0, 1}, []int{2, 3}, "a"},
		{4, []int{1, 2}, []int{0, 3}, "b"},
		{3, []int{0}, []int{1, 2}, "b"},
		{2, []int{0}, []int{1}, "a"},
	} {
		for _, lasting := range []time.Duration{10 * time.Second, 90 * time.Second} {
			simulate(t, func(t *testing.T, s *sim) {
				nodes, r := s.ringOf(c.n)
				win, lose := pick(nodes, c.a), pick(nodes, c.b)
				if c.winner == "b" {
					win, lose = lose, win
				}
				s.net.Partition(ends(win), ends(lose))
				begun := time.Now()
				r2 := s.next(r.Generation, win...)
				if took := time.Since(begun); took > 11*time.Second {
					t.Errorf("%v|%v: a ring after %v", c.a, c.b, took)
				}
				pass(lasting)
				for _, a := range lose {
					if why, _ := a.node.Waiting(); !strings.Contains(why, "are needed: waiting for") {
						t.Errorf("%v|%v: %s waits: %q", c.a, c.b, a.cfg.Name, why)
					}
				}
				s.net.Partition(ends(nodes)) // heals all
				begun = time.Now()
				r3 := s.next(r2.Generation, nodes...)
				t.Logf("%v|%v for %v: healed in generation %d after %v", c.a, c.b, lasting, r3.Generation, time.Since(begun))
				if took := time.Since(begun); took > 12*time.Second {
					t.Errorf("healed after %v", took)
				}
			})
		}
	}
}

func pick(nodes []*actor, indices []int) []*actor {
	out := make([]*actor, len(indices))
	for i, n := range indices {
		out[i] = nodes[n]
	}
	return out
}

// No part of three thirds has a quorum; they find each other again.
func TestNoQuorumAnywhere(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(5)
		s.net.Partition(ends(nodes[:2]), ends(nodes[2:4]), ends(nodes[4:]))
		pass(5 * time.Minute)
		for _, a := range nodes {
			if _, err := a.node.Await(canceled(t), r.Generation); err == nil {
				t.Errorf("%s went on", a.cfg.Name)
			}
		}
		s.net.Partition(ends(nodes))
		begun := time.Now()
		s.next(r.Generation, nodes...)
		t.Logf("healed after %v", time.Since(begun))
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

func TestGoodbyeAfterTheRunIsNoLoss(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		nodes[1].node.Finish(nil)
		if err := nodes[1].node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		nodes[1].kill()
		for _, i := range []int{0, 2, 3} {
			nodes[i].calm(r, 6*time.Second)
		}
		if _, err := nodes[1].node.Await(t.Context(), 1); !errors.Is(err, cluster.ErrLeft) {
			t.Errorf("await after leave: %v", err)
		}
		if _, cause := nodes[1].over(r, 0); !errors.Is(cause, cluster.ErrLeft) {
			t.Errorf("during after leave: %v", cause)
		}
		nodes[1].node.Report(t.Context(), cluster.Loss{Peer: nodes[0].name()}) // returns
		// One of those who are left still needs it.
		nodes[2].node.Report(t.Context(), cluster.Loss{Generation: r.Generation, Peer: nodes[1].name(), Reason: "stream ended"})
		_, cause := nodes[2].over(r, time.Second)
		if l, ok := errors.AsType[*cluster.LossError](cause); !ok || l.Peer != nodes[1].name() || !strings.Contains(l.Reason, "completed the run") {
			t.Errorf("%v", cause)
		}
		s.next(r.Generation, nodes[0], nodes[2], nodes[3])
	})
}

// Those who have completed the run do not count against the minimum of those
// who have not.
func TestTheLastMayFinishBelowTheMinimum(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(3, 3)
		for _, a := range nodes {
			a.cfg.Min = 3
			a.start()
		}
		r := s.ring(nodes...)
		nodes[0].node.Finish(nil)
		if err := nodes[0].node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		nodes[1].node.Finish(nil) // and does not leave yet
		nodes[2].node.Report(t.Context(), cluster.Loss{Peer: nodes[1].name(), Reason: "stream ended"})
		s.next(r.Generation, nodes[2])
	})
}

func TestEarlyGoodbyeIsALossWithItsReason(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		nodes[1].node.Finish(errors.New("train: loss is NaN at step 5"))
		begun := time.Now()
		if err := nodes[1].node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		for _, i := range []int{0, 2, 3} {
			_, cause := nodes[i].over(r, time.Second)
			l, ok := errors.AsType[*cluster.LossError](cause)
			if !ok || l.Peer != nodes[1].name() || l.Reason != "it left: train: loss is NaN at step 5" {
				t.Errorf("%s: %v", nodes[i].cfg.Name, cause)
			}
		}
		s.next(r.Generation, without(nodes, 1)...)
		if took := time.Since(begun); took > 300*time.Millisecond {
			t.Errorf("a ring without it after %v", took)
		}
	})
}

func TestNothingIsLostAfterFinish(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(4)
		for _, a := range nodes {
			a.node.Finish(nil)
		}
		nodes[1].kill()
		for _, i := range []int{0, 2, 3} {
			nodes[i].calm(r, 6*time.Second)
		}
	})
}

func TestDrainAllOneByOneWithReplacement(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3)
		for i := range 6 {
			fresh := s.place(fmt.Sprintf("r%d", i))
			for _, a := range nodes {
				fresh.cfg.Join = append(fresh.cfg.Join, a.end.Addr())
			}
			fresh.start()
			r = s.next(r.Generation, append(nodes[:len(nodes):len(nodes)], fresh)...)
			begun := time.Now()
			if err := nodes[0].node.Leave(t.Context()); err != nil {
				t.Error(err)
			}
			nodes[0].kill()
			nodes = append(nodes[1:len(nodes):len(nodes)], fresh)
			r = s.next(r.Generation, nodes...)
			if took := time.Since(begun); took > 300*time.Millisecond {
				t.Errorf("replacement %d: a ring %v after the goodbye", i, took)
			}
		}
	})
}
