package train

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// verifyEvery is the most steps between two comparisons of the nodes' states; an
// evaluation, a checkpoint and the end of the run have one too. A comparison
// costs a digest of the state and a few bytes on the ring.
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
	// Rows is set where the nodes have read different rows of a stream.
	Rows bool
}

// Error names the step and the nodes.
func (e *DivergedError) Error() string {
	switch names := strings.Join(e.Outvoted, ", "); {
	case e.Rows && e.Tie:
		return fmt.Sprintf("step %d: the nodes %s have read different rows, and there is no majority: "+
			"compare the files of --data, and its end, on these machines", e.Step, names)
	case e.Rows:
		return fmt.Sprintf("step %d: %s has read other rows than the other nodes: "+
			"compare the files of --data, and its end, with those of another machine", e.Step, names)
	}
	if e.Tie {
		return fmt.Sprintf("step %d: the nodes %s are in different states, and there is no majority: "+
			"test their processors and memory, and resume from a checkpoint", e.Step, strings.Join(e.Outvoted, ", "))
	}
	return fmt.Sprintf("step %d: the state of %s differs from that of the other nodes: "+
		"test the processor and memory there", e.Step, strings.Join(e.Outvoted, ", "))
}

// trust is what a node remembers of the comparisons, whatever ring it is on.
type trust struct {
	agreed *snapshot // the last state that was the same on all nodes of a ring
	// suspects are the nodes that differed at the last comparison.
	suspects []string
	// wary is set from a comparison that found a difference, here or, as another
	// node says, there, until the next one that finds none. What was computed
	// since the agreed state is not taken to another ring then: whoever was
	// found wrong may have left before all others heard of it.
	wary bool
}

// verify compares the states of all nodes, and keeps a state that they agree
// on.
func (s *session) verify(ctx context.Context) error {
	mine := s.standings()
	s.enter(verifying)
	defer s.enter(idle)
	all, err := s.collectives(s.job.state.Step).Gather(ctx, mine)
	if err != nil {
		return err
	}
	if err := s.differing(all); err != nil {
		return err
	}
	s.job.trust.agreed.take(s.job)
	s.job.trust.suspects, s.job.trust.wary = nil, false
	return nil
}

// differing returns a *DivergedError if nodes at the same step are not in the
// same state. Of nodes at different steps nothing can be said: a bit that flips
// between two comparisons on a node that is then alone at its step is not found.
func (s *session) differing(standings [][]float64) error {
	for _, step := range steps(standings) {
		outvoted, tie := vote(standings, s.bounds, step)
		if len(outvoted) == 0 {
			continue
		}
		e := &DivergedError{Step: int(step), Tie: tie, Rows: otherRows(standings, step)}
		for _, rank := range outvoted {
			e.Outvoted = append(e.Outvoted, s.names[rank])
		}
		return e
	}
	return nil
}

// otherRows tells whether nodes at a step have read different rows.
func otherRows(standings [][]float64, step float64) bool {
	var at []float64
	for _, standing := range standings {
		if standing[standingStep] == step {
			at = append(at, standing[standingRows])
		}
	}
	slices.Sort(at)
	return len(slices.Compact(at)) > 1
}

// steps returns the steps that nodes are at, each once, in ascending order.
func steps(standings [][]float64) []float64 {
	var at []float64
	for _, standing := range standings {
		at = append(at, standing[standingStep])
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// vote returns the ranks whose state is not that of more than half of the nodes
// with shards that are at step: all of these, and tie, if no state is.
func vote(standings [][]float64, bounds []int, step float64) (outvoted []int, tie bool) {
	var voters []int
	for r := range len(bounds) - 1 {
		if bounds[r] < bounds[r+1] && standings[bounds[r]][standingStep] == step {
			voters = append(voters, r)
		}
	}
	same := func(a, b int) bool { return sameState(standings[bounds[a]], standings[bounds[b]]) }
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
	t := &s.job.trust
	self := s.names[s.rank]
	if slices.Contains(t.suspects, self) && slices.Contains(e.Outvoted, self) {
		return e
	}
	t.suspects, t.wary = e.Outvoted, true
	s.job.observe.Diverged(Diverged{Step: e.Step, Nodes: e.Outvoted, Back: t.agreed.state.Step})
	return t.agreed.restore(s.job)
}
