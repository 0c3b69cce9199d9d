package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Flags of go test for the measurement: make standstill.
var (
	standstillRounds = flag.Int("standstill", 0, "rounds of TestStandstill: each a run of two nodes that a third one joins")
	standstillOut    = flag.String("standstillout", "", "file for its table")
)

// largeRun has 10.1 million parameters, so that a newcomer needs 81 MB of
// parameters and momentum.
var largeRun = []string{"--model", "mlp:2400,2400,1024", "--batch", "64", "--steps", "60", "--epochs", "100"}

// TestStandstill measures for how long training stands still when a node joins
// a run of a large model: the longest time between two committed steps around
// the new ring, less that of one step. A step that is begun in vain is in it.
func TestStandstill(t *testing.T) {
	if *standstillRounds == 0 {
		t.Skip("a measurement: -standstill N")
	}
	var table []byte
	var all []time.Duration
	for round := range *standstillRounds {
		var gap, step time.Duration
		t.Run(fmt.Sprint(round), func(t *testing.T) { gap, step = standstillRound(t) }) // whose processes end with it
		still := max(0, gap-step)
		all = append(all, still)
		table = fmt.Appendf(table, "round %d: %v between two steps, %v a step: stands still for %v\n",
			round+1, gap.Round(time.Millisecond), step.Round(time.Millisecond), still.Round(time.Millisecond))
	}
	slices.Sort(all)
	table = fmt.Appendf(table, "median %v, worst %v\n", all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	t.Logf("\n%s", table)
	if *standstillOut != "" {
		if err := os.WriteFile(*standstillOut, table, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// standstillRound returns the longest time between two commits around the
// join, and the median of those before it.
func standstillRound(t *testing.T) (gap, step time.Duration) {
	dir, join := filepath.Join(t.TempDir(), "run"), freeAddress(t, "join")
	args := append([]string{"--join", join, "--run-id", t.Name(), "--eval-every", "0", "--checkpoint-every", "-1", "--progress", "none"}, largeRun...)
	with := func(name string, more ...string) *process {
		return start(t, node, slices.Concat([]string{"--name", name}, args, more)...)
	}
	with("a", "--nnodes", "2", "--out", dir)
	with("b", "--nnodes", "2", "--out", dir)
	var commits []time.Time // of each step, as it shows in the file
	reach := func(n int) {
		eventually(t, 30*time.Second, fmt.Sprintf("step %d", n), func() bool {
			for k := steps(dir); len(commits) < k; {
				commits = append(commits, time.Now())
			}
			return len(commits) >= n
		})
	}
	reach(15)
	begun, own := len(commits), filepath.Join(t.TempDir(), "newcomer")
	with("c", "--out", own)
	for steps(own) == 0 {
		reach(len(commits) + 1)
	}
	reach(len(commits) + 3)
	var before []time.Duration
	for i := 5; i < begun; i++ {
		before = append(before, commits[i].Sub(commits[i-1]))
	}
	for i := begun; i < len(commits); i++ {
		gap = max(gap, commits[i].Sub(commits[i-1]))
	}
	slices.Sort(before)
	return gap, before[len(before)/2]
}
