package train

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// verifyEvery is the number of steps between two comparisons of the nodes'
// states; the end of an epoch has one too. A comparison costs a digest of the
// state and a few bytes on the ring.
const verifyEvery = 100

// DivergedError says that nodes which should be in one state are in several. A
// bad processor or bad memory does that; its gradients are in everybody's sums
// by then.
type DivergedError struct {
	Step int
	// Outvoted are the nodes that differ from the majority; all of them if
	// there is none.
	Outvoted []string
	// Tie is set where there is no majority.
	Tie bool
}

// Error names the step and the nodes.
func (e *DivergedError) Error() string {
	if e.Tie {
		return fmt.Sprintf("step %d: the nodes %s are in different states, and there is no majority: "+
			"test their processors and memory, and resume from a checkpoint", e.Step, strings.Join(e.Outvoted, ", "))
	}
	return fmt.Sprintf("step %d: the state of %s differs from that of the other nodes: "+
		"test the processor and memory there", e.Step, strings.Join(e.Outvoted, ", "))
}

// verify compares the states of all nodes, and keeps a state that they agree
// on.
func (s *session) verify(ctx context.Context) error {
	all, err := s.collectives(s.job.state.Step).Gather(ctx, s.standings())
	if err != nil {
		return err
	}
	outvoted, tie := vote(all, s.bounds)
	if len(outvoted) == 0 {
		s.agreed.take(s.job)
		s.suspects = nil
		return nil
	}
	e := &DivergedError{Step: s.job.state.Step, Tie: tie}
	for _, rank := range outvoted {
		e.Outvoted = append(e.Outvoted, s.names[rank])
	}
	return e
}

// vote returns the ranks whose standing is not that of more than half of the
// nodes with shards: all of them, and tie, if no standing is.
func vote(standings [][]float64, bounds []int) (outvoted []int, tie bool) {
	var voters []int
	for r := range len(bounds) - 1 {
		if bounds[r] < bounds[r+1] {
			voters = append(voters, r)
		}
	}
	same := func(a, b int) bool { return slices.Equal(standings[bounds[a]], standings[bounds[b]]) }
	for _, r := range voters {
		var against []int
		for _, other := range voters {
			if !same(r, other) {
				against = append(against, other)
			}
		}
		if 2*len(against) < len(voters) {
			return against, false
		}
	}
	return voters, true
}

// fallBack returns to the last state that all agreed on, to repeat the steps
// since. Whoever differs again, and a ring that is tied again, gives up: the
// node leaves, and the others go on without it.
func (s *session) fallBack(e *DivergedError) error {
	self := s.names[s.rank]
	if slices.Contains(s.suspects, self) && slices.Contains(e.Outvoted, self) {
		return e
	}
	s.suspects = e.Outvoted
	s.job.observe.Diverged(Diverged{Step: e.Step, Nodes: e.Outvoted, Back: s.agreed.state.Step})
	return s.agreed.restore(s.job)
}
