package train

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Flags of go test for long runs: make soak.
var (
	schedules = flag.Int("schedules", 12, "number of random schedules that TestRandomSchedules plays")
	firstSeed = flag.Uint64("firstseed", 1, "seed of the first of them")
)

// TestRandomSchedules plays random faults. The seed of a failed schedule is in
// the name of its test, its script in the log; a bug found so becomes a script
// in testdata.
func TestRandomSchedules(t *testing.T) {
	cfg, data, want := simRun(t)
	for i := range *schedules {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			script := randomSchedule(seed)
			defer func() {
				if t.Failed() {
					t.Logf("seed %d:\n%s", seed, script)
				}
			}()
			play(t, cfg, data, want, script)
		})
	}
}

// schedule is a script in the making. Its rules keep it one after which every
// node that still lives must end with the undisturbed model: somebody always
// lives, deaths can be proved once the network is whole, and what is frozen or
// cut off comes back in the end.
type schedule struct {
	r      *rand.Rand
	text   strings.Builder
	alive  []int // neither killed nor drained
	frozen []int
	cut    bool
	dying  bool // a death is still to come
	late   bool // the run may be over
	next   int  // index of the next node to join
	step   int
}

var phasesToDieIn = []string{"loading", "forward", "normalizer", "backward", "allreduce", "optimizer", "evaluation", "sync"}

func randomSchedule(seed uint64) string {
	s := &schedule{r: rand.New(rand.NewPCG(seed, 0)), step: 1}
	n := 2 + s.r.IntN(4)
	if seed%2 == 0 {
		s.say("chords 3")
	}
	if seed%3 == 0 {
		s.say("fold %d", 2+seed%2*2)
	}
	s.say("start %d", n)
	for i := range n {
		s.alive = append(s.alive, i)
	}
	s.next = n
	s.say("step %d", s.step) // before that, a death leaves too few to begin
	for range 1 + s.r.IntN(6) {
		s.event()
	}
	s.calm()
	s.say("expect done %s", list(s.alive))
	return s.text.String()
}

func (s *schedule) say(format string, args ...any) { fmt.Fprintf(&s.text, format+"\n", args...) }

// event adds one fault, or takes one back.
func (s *schedule) event() {
	if !s.cut && len(s.frozen) == 0 && s.r.IntN(2) == 0 {
		s.step += 1 + s.r.IntN(8)
		s.say("step %d", s.step)
	}
	switch s.r.IntN(8) {
	case 0, 1:
		s.kill()
	case 2:
		s.join()
	case 3:
		if i := s.pick(); len(s.alive)-len(s.frozen) > 2 && i >= 0 {
			s.say("freeze %d", s.alive[i])
			s.frozen = append(s.frozen, s.alive[i])
		}
	case 4:
		if !s.cut && len(s.alive) > 2 && len(s.frozen) == 0 {
			k := 1 + s.r.IntN(len(s.alive)-1)
			s.say("partition %s | %s", list(s.alive[:k]), list(s.alive[k:]))
			s.cut = true
		}
	case 5:
		s.say("pass %dms", s.r.IntN(20000))
		s.late = true // the run may be over: whoever is not cut off or frozen goes on
	case 6:
		s.calm()
	case 7:
		if i, j := s.pick(), s.pick(); !s.cut && i >= 0 && j >= 0 && i != j {
			s.say("break %d,%d", s.alive[i], s.alive[j])
		}
	}
}

// join adds a node, early enough and in such quiet that it comes in before the
// run is over: one that comes later waits for others in vain.
func (s *schedule) join() {
	if s.cut || len(s.frozen) > 0 || s.dying || s.late || s.step > 20 {
		return
	}
	s.step += 3
	s.say("join\nstep %d", s.step)
	s.alive = append(s.alive, s.next)
	s.next++
}

// kill kills one node, now or at a place in a later step.
func (s *schedule) kill() {
	i := s.pick()
	if i < 0 || len(s.alive)-len(s.frozen) < 2 {
		return
	}
	victim := s.alive[i]
	s.alive = append(s.alive[:i], s.alive[i+1:]...)
	s.late = s.late || len(s.alive) == 1 // alone it takes no simulated time at all
	if s.r.IntN(2) == 0 {
		s.say("kill %d", victim)
		return
	}
	s.dying = true
	s.say("kill %d at %d %s", victim, s.step+1+s.r.IntN(3), phasesToDieIn[s.r.IntN(len(phasesToDieIn))])
}

// calm takes back what can be taken back.
func (s *schedule) calm() {
	if s.cut {
		s.say("heal")
		s.cut = false
	}
	for _, n := range s.frozen {
		s.say("thaw %d", n)
	}
	s.frozen = nil
}

// pick returns the index of a living node that is not frozen, or -1.
func (s *schedule) pick() int {
	for range 20 {
		i := s.r.IntN(len(s.alive))
		if !strings.Contains(","+list(s.frozen)+",", fmt.Sprintf(",%d,", s.alive[i])) {
			return i
		}
	}
	return -1
}

func list(nodes []int) string {
	words := make([]string, len(nodes))
	for i, n := range nodes {
		words[i] = fmt.Sprint(n)
	}
	return strings.Join(words, ",")
}
