package cluster_test

import (
	"strings"
	"testing"
	"time"
)

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
