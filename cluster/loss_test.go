package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// four forms a ring of four.
func (s *sim) four() []*actor {
	nodes := s.cast(4, 4)
	for _, a := range nodes {
		a.start()
	}
	s.ring(nodes...)
	return nodes
}

func TestDeathIsToldToAllSurvivors(t *testing.T) {
	for dead := range 4 {
		simulate(t, func(t *testing.T, s *sim) {
			nodes := s.four()
			pass(5 * time.Second)
			s.net.Kill(nodes[dead].end)
			begun := time.Now()
			for i, a := range nodes {
				if i == dead {
					continue
				}
				l, _ := a.lost(10 * time.Second)
				if l.Peer != nodes[dead].node.Self().Name || l.Generation != 1 || !strings.Contains(l.Reason, "nothing listens at") {
					t.Errorf("%s: %+v", a.cfg.Name, l)
				}
				a.calm(0)
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("node %d: told to all after %v, want less than a second", dead, took)
			}
		})
	}
}

func TestNeighboursDyingTogetherAreBothTold(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		s.net.Kill(nodes[1].end)
		s.net.Kill(nodes[2].end)
		begun := time.Now()
		for _, i := range []int{0, 3} {
			got := map[string]bool{}
			for range 2 {
				l, _ := nodes[i].lost(10 * time.Second)
				got[l.Peer] = true
			}
			if !got[nodes[1].node.Self().Name] || !got[nodes[2].node.Self().Name] {
				t.Errorf("%s lost %v", nodes[i].cfg.Name, got)
			}
		}
		if took := time.Since(begun); took > 500*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestFrozenNodeIsLostAfterTheSilence(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		s.net.Freeze(nodes[2].end)
		begun := time.Now()
		for _, i := range []int{0, 1, 3} {
			l, _ := nodes[i].lost(10 * time.Second)
			if l.Peer != nodes[2].node.Self().Name || !strings.Contains(l.Reason, "no answer for 4s") {
				t.Errorf("%s: %+v", nodes[i].cfg.Name, l)
			}
		}
		if took := time.Since(begun); took > 6*time.Second {
			t.Errorf("told to all after %v, want less than 6 s", took)
		}
	})
}

func TestShortSilenceIsNoLoss(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		s.net.Freeze(nodes[2].end)
		pass(2500 * time.Millisecond) // longer than gossip's patience, shorter than ours
		s.net.Thaw(nodes[2].end)
		for _, a := range nodes {
			a.calm(6 * time.Second)
		}
	})
}

func TestReportOfADeathIsToldOnce(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		s.net.Kill(nodes[1].end)
		dead := nodes[1].node.Self().Name
		nodes[2].node.Report(t.Context(), cluster.Loss{Peer: dead, Step: 17, Phase: "reduce", Reason: "stream reset"})
		for _, i := range []int{0, 2, 3} {
			l, took := nodes[i].lost(time.Second)
			if l.Peer != dead || !strings.Contains(l.Reason, "nothing listens at") || took > 100*time.Millisecond {
				t.Errorf("%s after %v: %+v", nodes[i].cfg.Name, took, l)
			}
			nodes[i].calm(5 * time.Second) // once
		}
	})
}

// When a node dies, its neighbours end their streams, and those at the other
// ends accuse the living: only the death may be told.
func TestFalseAccusationsAreHeldBackBehindADeath(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		self := func(i int) string { return nodes[i].node.Self().Name }
		nodes[0].node.Report(t.Context(), cluster.Loss{Peer: self(3), Reason: "stream ended"})
		s.net.Kill(nodes[2].end)
		nodes[3].node.Report(t.Context(), cluster.Loss{Peer: self(2), Reason: "stream reset"})
		for _, i := range []int{0, 1, 3} {
			if l, _ := nodes[i].lost(time.Second); l.Peer != self(2) {
				t.Errorf("%s: %+v", nodes[i].cfg.Name, l)
			}
			nodes[i].calm(6 * time.Second)
		}
	})
}

func TestAccusationOfTheLivingIsToldAfterAWhile(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		accused := nodes[3].node.Self().Name
		nodes[0].node.Report(t.Context(), cluster.Loss{Peer: accused, Step: 3, Phase: "reduce", Reason: "stream ended"})
		for _, a := range nodes { // the accused too: it learns that the ring does not hear it
			l, _ := a.lost(2 * time.Second)
			if l.Peer != accused || l.Step != 3 || l.Phase != "reduce" || !strings.Contains(l.Reason, "it still answers") {
				t.Errorf("%s: %+v", a.cfg.Name, l)
			}
		}
	})
}

func TestReportsOfOtherGenerationsAndStrangersAreIgnored(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		nodes[0].node.Report(t.Context(), cluster.Loss{Generation: 7, Peer: nodes[1].node.Self().Name})
		nodes[0].node.Report(t.Context(), cluster.Loss{Peer: "nobody#12345678"})
		for _, a := range nodes {
			a.calm(6 * time.Second)
		}
	})
}

func TestGoodbyeAfterTheRunIsNoLoss(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		nodes[1].node.Finish(nil)
		if err := nodes[1].node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		s.net.Kill(nodes[1].end)
		for _, i := range []int{0, 2, 3} {
			nodes[i].calm(6 * time.Second)
		}
		if _, err := nodes[1].node.Await(t.Context(), 1); !errors.Is(err, cluster.ErrLeft) {
			t.Errorf("await after leave: %v", err)
		}
		if _, open := <-nodes[1].node.Losses(); open {
			t.Error("Losses is open after Leave")
		}
		nodes[1].node.Report(t.Context(), cluster.Loss{Peer: nodes[0].node.Self().Name}) // returns
	})
}

func TestEarlyGoodbyeIsALossWithItsReason(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		nodes[1].node.Finish(errors.New("train: loss is NaN at step 5"))
		if err := nodes[1].node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		for _, i := range []int{0, 2, 3} {
			l, took := nodes[i].lost(time.Second)
			if l.Peer != nodes[1].node.Self().Name || l.Reason != "it left: train: loss is NaN at step 5" || took > 100*time.Millisecond {
				t.Errorf("%s after %v: %+v", nodes[i].cfg.Name, took, l)
			}
		}
	})
}

func TestNothingIsLostAfterFinish(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		for _, a := range nodes {
			a.node.Finish(nil)
		}
		s.net.Kill(nodes[1].end)
		for _, i := range []int{0, 2, 3} {
			nodes[i].calm(6 * time.Second)
		}
	})
}

// A partition makes each side lose the other, and nothing else.
func TestPartitionIsALossOnBothSides(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.four()
		s.net.Partition(ends(nodes[:2]), ends(nodes[2:]))
		for i, a := range nodes {
			got := map[string]bool{}
			for range 2 {
				l, _ := a.lost(20 * time.Second)
				got[l.Peer] = true
			}
			for _, other := range nodes[(i/2*2+2)%4:][:2] {
				if !got[other.node.Self().Name] {
					t.Errorf("%s lost %v, not %s", a.cfg.Name, got, other.cfg.Name)
				}
			}
			a.calm(0)
		}
	})
}
