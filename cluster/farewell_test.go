package cluster_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

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
		nodes, r := s.ringOf(3, func(c *cluster.Config) { c.Min = 3 })
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
