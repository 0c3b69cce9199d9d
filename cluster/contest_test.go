package cluster_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster/clustertest"
)

func ends(actors []*actor) []*clustertest.Endpoint {
	out := make([]*clustertest.Endpoint, len(actors))
	for i, a := range actors {
		out[i] = a.end
	}
	return out
}

// Two nodes each believe that they lead, because they have not heard of each
// other; a third one knows both.
func TestTwoLeaders(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		n := []*actor{s.place("a"), s.place("b"), s.place("c")}
		for _, a := range n {
			a.cfg.Nodes = 2
			a.cfg.Join = []string{n[2].end.Addr()}
		}
		s.net.Cut(n[0].end, n[1].end)
		n[0].start()
		n[1].start()
		pass(time.Second)
		n[2].start()
		formed, late := 0, 0
		var hash uint64
		for _, a := range n {
			r, err := a.await()
			switch {
			case err == nil && hash != 0 && r.Hash() != hash:
				t.Errorf("two rings: %v", r)
			case err == nil:
				formed, hash = formed+1, r.Hash()
			case strings.Contains(err.Error(), "no ring after 1m0s: "): // the one that cannot reach the leader
				late++
			default:
				t.Errorf("%s: %v", a.cfg.Name, err)
			}
		}
		if formed != 2 || late != 1 {
			t.Errorf("%d nodes in the ring and %d late, want 2 and 1", formed, late)
		}
	})
}

// The leader dies while it forms the ring, at random moments. The others form
// one without it when a fourth comes; whatever a node commits to, no other
// node commits to a different ring of the same members.
func TestLeaderDiesWhileForming(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		simulate(t, func(t *testing.T, s *sim) {
			nodes := s.cast(5, 4)
			for _, a := range nodes {
				a.cfg.Join = []string{nodes[1].end.Addr()}
			}
			for _, i := range rnd.Perm(4) {
				nodes[i].start()
			}
			pass(time.Duration(rnd.IntN(150)) * time.Millisecond)
			nodes[0].kill()
			pass(6 * time.Second)
			nodes[4].start()
			r, err := nodes[1].await()
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for _, i := range []int{2, 3} {
				if o, err := nodes[i].await(); err != nil || o.Hash() != r.Hash() {
					t.Errorf("seed %d: %s has %v, %v, not %v", seed, nodes[i].cfg.Name, o.Names(), err, r.Names())
				}
			}
		})
	}
}

// Links fail and heal at random while the nodes start; in the end there is one
// ring of all.
func TestFormsOnABadNetwork(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		simulate(t, func(t *testing.T, s *sim) {
			nodes := s.cast(5, 5)
			for _, i := range rnd.Perm(5) {
				nodes[i].start()
				for range 5 {
					a, b := nodes[rnd.IntN(5)].end, nodes[rnd.IntN(5)].end
					if a != b && rnd.IntN(2) == 0 {
						s.net.Cut(a, b)
					} else {
						s.net.Heal(a, b)
					}
				}
				pass(time.Duration(rnd.IntN(300)) * time.Millisecond)
			}
			s.net.Partition(ends(nodes)) // heals all
			r := s.ring(nodes...)
			if took := time.Since(nodes[0].begun); took > 30*time.Second {
				t.Errorf("seed %d: generation %d after %v", seed, r.Generation, took)
			}
		})
	}
}
