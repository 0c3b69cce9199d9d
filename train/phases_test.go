package train

import (
	"fmt"
	"testing"
)

// TestKillInEveryPhase kills each of three nodes in each phase of a step, in
// the first synchronisation, and in the last evaluation.
func TestKillInEveryPhase(t *testing.T) {
	cfg, data, want := simRun(t)
	for _, c := range []struct {
		step  int
		phase phase
	}{
		{1, syncing}, {6, loading}, {6, forward}, {6, normalizer}, {6, backward}, {6, reducing}, {6, committing}, {6, idle}, {52, evaluating},
	} {
		for victim := range 3 {
			t.Run(fmt.Sprintf("%v/%d", c.phase, victim), func(t *testing.T) {
				survivors := []int{0, 1, 2}
				survivors = append(survivors[:victim], survivors[victim+1:]...)
				play(t, cfg, data, want, fmt.Sprintf("start 3\nkill %d at %d %v\nexpect dead %d\nexpect done %s",
					victim, c.step, c.phase, victim, list(survivors)))
			})
		}
	}
}
