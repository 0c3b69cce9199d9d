package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/train"
)

// TestNews: one plain line for each thing out of the ordinary, and none for
// the first ring.
func TestNews(t *testing.T) {
	var lines []string
	o := train.Tee(News(func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }), train.Observer{})
	o.Resumed(train.Resumed{Path: "run/checkpoints/a", Step: 7})
	o.RingFormed(train.RingFormed{Generation: 1, Names: []string{"a#1", "b#2", "c#3"}})
	o.StepDone(train.StepDone{Step: 8})
	o.RingLost(train.RingLost{Generation: 1, Step: 8, Reason: "cluster: lost b#2 of generation 1: connection refused"})
	o.RingFormed(train.RingFormed{Generation: 3, Names: []string{"a#1", "c#3"}})
	o.CheckpointWritten(train.CheckpointWritten{Path: "x"})
	o.CheckpointFailed(train.CheckpointFailed{Path: "y", Err: "no space left on device"})
	o.CheckpointSkipped(train.CheckpointSkipped{Path: "z", Reason: "its checksum is wrong"})
	o.Diverged(train.Diverged{Step: 20, Nodes: []string{"c#3"}, Back: 10})
	o.RingLost(train.RingLost{Generation: 3, Step: 9, Reason: "cluster: lost c#3"})
	o.RingFormed(train.RingFormed{Generation: 4, Names: []string{"a#1"}})
	want := `resumed after step 7, from run/checkpoints/a
the ring ends after step 8: lost b of generation 1: connection refused
the ring is formed again with 2 nodes: a, c (generation 3)
trouble with the checkpoint y: no space left on device; training goes on, and the next one is tried
passed over the checkpoint z: its checksum is wrong
not in the same state as the others after step 20: c; all return to step 10 and repeat
the ring ends after step 9: lost c
the ring is formed again with one node, a (generation 4)`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPlainReason(t *testing.T) {
	for text, want := range map[string]string{
		"cluster: lost b#x2 of generation 1: no answer for 3.5s":                                                    "lost b of generation 1: no answer for 3.5s",
		"peer a#x1 (rank 0), step 75, Gather: allreduce: peer gave up: cluster: lost b#x2 of generation 1: it left": "lost b of generation 1: it left",
		"cluster: the ring is formed again (generation 3): b#x2 joins":                                              "b joins",
		"cluster: the ring is formed again: a partition has healed":                                                 "a partition has healed",
		"optimizer: normaliser: peer b#x2 (rank 1), step 9, LogSumExp: allreduce: connection lost: EOF":             "normaliser: peer b (rank 1), step 9, LogSumExp: connection lost: EOF",
		"something else": "something else",
	} {
		if got := plainReason(text); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}
