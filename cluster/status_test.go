package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// work has the actors tell of their progress every 100 ms, as a ring in lock
// step does: once one of them stands still, the others wait for the one before
// them, and so for it. It returns when the time is over.
func (s *sim) work(during time.Duration, nodes []*actor, still *actor) {
	for range during / (100 * time.Millisecond) {
		if still == nil {
			s.counter++
		}
		for i, a := range nodes {
			p := cluster.Progress{Step: 7, Phase: "forward", Counter: s.counter, Median: 100 * time.Millisecond}
			if still != nil && a != still {
				p.Phase, p.WaitingFor = "reduce", nodes[(i+len(nodes)-1)%len(nodes)].name()
			}
			a.node.SetProgress(p)
		}
		pass(100 * time.Millisecond)
	}
}

// One hangs, and answers every question all the same. It is named and left out;
// since its program does not ask for another ring, it stays out.
func TestHangNamesTheCulpritAndGoesOn(t *testing.T) {
	for culprit := range 4 {
		simulate(t, func(t *testing.T, s *sim) {
			nodes := s.cast(4, 4)
			nodes[culprit].hangs = true
			for _, a := range nodes {
				a.start()
			}
			r := s.ring(nodes...)
			s.work(5*time.Second, nodes, nil)
			for _, a := range nodes {
				a.calm(r, 0)
			}
			begun := time.Now()
			s.work(7*time.Second, nodes, nodes[culprit])
			rest := without(nodes, culprit)
			r2 := s.next(r.Generation, rest...)
			for _, a := range rest {
				_, cause := a.over(r, 0)
				l, ok := errors.AsType[*cluster.LossError](cause)
				if !ok || l.Peer != nodes[culprit].name() || !strings.Contains(l.Reason, "it hangs: in step 7, phase forward") {
					t.Errorf("node %d: %s: %v", culprit, a.cfg.Name, cause)
				}
			}
			t.Logf("node %d: a ring without it %v after it stopped", culprit, time.Since(begun))
			s.work(time.Minute, rest, nil)
			for _, a := range rest {
				a.calm(r2, 0)
			}
			nodes[culprit].note(func() { nodes[culprit].hangs = false })
			s.next(r2.Generation, nodes...)
		})
	}
}

func TestSlowIsNotHung(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3)
		for range 5 {
			s.work(4500*time.Millisecond, nodes, nodes[1])
			s.work(100*time.Millisecond, nodes, nil)
		}
		for _, a := range nodes {
			a.calm(r, 0)
		}
	})
}

// All wait for each other: nobody is to blame, and the ring is formed again.
func TestCircleOfWaiting(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3)
		for i, a := range nodes {
			a.node.SetProgress(cluster.Progress{Step: 3, Phase: "reduce", Counter: 1, WaitingFor: nodes[(i+2)%3].name()})
		}
		s.next(r.Generation, nodes...)
	})
}

func TestStatus(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(4, 4)
		for _, a := range nodes {
			a.cfg.Secret = []byte("secret")
			a.start()
		}
		r := s.ring(nodes...)
		nodes[1].node.SetProgress(cluster.Progress{Step: 12, Phase: "reduce 3", WaitingFor: nodes[0].name(), Counter: 5})
		pass(3 * time.Second)
		s.net.Freeze(nodes[2].end)
		outside := s.net.Endpoint()
		all, err := cluster.Ask(t.Context(), outside, nodes[3].end.Addr(), []byte("secret"))
		if err != nil || len(all) != 4 {
			t.Fatalf("%v, %v", all, err)
		}
		for rank, st := range all {
			switch {
			case st.Rank != rank || st.Member != r.Members[rank]:
				t.Errorf("rank %d: %+v", rank, st)
			case rank == 2 && st.Error == "":
				t.Errorf("the frozen one answered: %+v", st)
			case rank != 2 && (st.Error != "" || st.Generation != r.Generation || st.Waiting != ""):
				t.Errorf("rank %d: %+v", rank, st)
			}
		}
		if p := all[1]; p.Progress.Step != 12 || p.Progress.Phase != "reduce 3" || p.Progress.WaitingFor != nodes[0].name() || p.Since != 3*time.Second {
			t.Errorf("%+v", p)
		}
		if _, err := cluster.Ask(t.Context(), outside, nodes[3].end.Addr(), []byte("other")); err == nil || !strings.Contains(err.Error(), "another secret") {
			t.Errorf("with another secret: %v", err)
		}
		pass(20 * time.Second)
		if all = nodes[0].node.Status(t.Context()); len(all) != 4 || all[3].Rank != -1 || all[3].Member.Name != nodes[2].name() {
			t.Errorf("the one that was lost is not told of: %+v", all)
		}
	})
}

// A host is gone without a word, and the launcher knows that its process is.
func TestExitReportedByALauncherIsAProof(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(2)
		s.net.Freeze(nodes[0].end)
		pass(10 * time.Second)
		if why, _ := nodes[1].node.Waiting(); why == "" {
			t.Fatal("went on without proof")
		}
		nodes[0].note(func() { nodes[0].killed = true })
		if err := cluster.ReportExit(t.Context(), s.net.Endpoint(), nodes[1].end.Addr(), nil, nodes[0].name(), "killed by signal 9"); err != nil {
			t.Error(err)
		}
		s.next(r.Generation, nodes[1])
	})
}

// The reasons for waiting are told as they change, and "" at the end.
func TestWaitingIsTold(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(2, 2)
		var told []string
		nodes[1].cfg.Waiting = func(reason string) { told = append(told, reason) }
		for _, a := range nodes {
			a.start()
		}
		r := s.ring(nodes...)
		s.net.Freeze(nodes[0].end)
		pass(10 * time.Second)
		s.net.Thaw(nodes[0].end)
		s.next(r.Generation+1, nodes...)
		pass(time.Second)
		all := strings.Join(told, "\n")
		if !strings.Contains(all, "waiting for n0#") || told[len(told)-1] != "" {
			t.Errorf("told:\n%s", all)
		}
		for i := 1; i < len(told); i++ {
			if told[i] == told[i-1] {
				t.Errorf("told twice: %q", told[i])
			}
		}
	})
}

// Whoever finds a hang first need not lead: the leader looks itself before it
// forms a ring, or that ring would have the one that hangs as a member.
func TestHangIsLookedAtBeforeTheNextRing(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(3, 3)
		nodes[1].hangs = true
		for _, a := range nodes {
			a.start()
		}
		r := s.ring(nodes...)
		counter := uint64(0)
		tell := func(a *actor, phase string, waitsFor *actor) {
			counter++
			p := cluster.Progress{Step: 7, Phase: phase, Counter: counter}
			if waitsFor != nil {
				p.WaitingFor = waitsFor.name()
			}
			a.node.SetProgress(p)
		}
		tell(nodes[1], "optimizer", nil)
		tell(nodes[2], "verify", nodes[1])
		pass(900 * time.Millisecond)
		tell(nodes[0], "verify", nodes[2])
		next := s.next(r.Generation, nodes[0], nodes[2])
		if next.Generation != r.Generation+1 {
			t.Errorf("the ring without it is of generation %d, after %d", next.Generation, r.Generation)
		}
	})
}

// A phase may be long: whoever beats gets on, and those who wait for it do not
// wait in vain.
func TestBeatIsProgress(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes, r := s.ringOf(3)
		for i, a := range nodes {
			p := cluster.Progress{Step: 7, Phase: "gather", Counter: 1}
			if i != 1 {
				p.WaitingFor = nodes[(i+2)%3].name()
			}
			a.node.SetProgress(p)
		}
		for range 30 {
			nodes[1].node.Beat()
			pass(time.Second)
		}
		for _, a := range nodes {
			a.calm(r, 0)
		}
		if still := nodes[0].node.Status(t.Context())[1].Since; still > 2*time.Second {
			t.Errorf("it has stood still for %v", still)
		}
	})
}
