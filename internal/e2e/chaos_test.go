package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Flags of go test for long runs: make chaos.
var (
	chaosRounds = flag.Int("chaos", 3, "rounds of TestChaos: each a run of four nodes with one fault")
	chaosSeed   = flag.Uint64("chaosseed", 1, "seed of the faults")
	chaosOut    = flag.String("chaosout", "", "file for the table of recovery times")
)

// fault is something that befalls one node of a run.
type fault struct {
	name   string
	signal syscall.Signal
	limit  time.Duration // until the next committed step
}

var faults = []fault{
	{"SIGKILL", syscall.SIGKILL, 2 * time.Second},
	{"SIGTERM", syscall.SIGTERM, 2 * time.Second},
	{"SIGSTOP", syscall.SIGSTOP, 6 * time.Second},
}

// TestChaos repeats a run of four nodes with a fault at a random moment in a
// random node, checks the checksum, and measures how long it takes until the
// survivors have committed the next step. A stopped process is woken up again,
// finds the others gone on, and must end with the same model.
func TestChaos(t *testing.T) {
	want := baseline(t, chaosRun...)
	r := rand.New(rand.NewPCG(*chaosSeed, 0))
	times := map[string][]time.Duration{}
	for round := range *chaosRounds {
		f := faults[round%len(faults)]
		victim, at := r.IntN(4), 50+r.IntN(300)
		t.Run(fmt.Sprintf("%d-%s-%d-at-%d", round, f.name, victim, at), func(t *testing.T) {
			took := chaosRoundOf(t, f, victim, at, want)
			times[f.name] = append(times[f.name], took)
			if took > f.limit {
				t.Errorf("the next step came %v after %s, expected at most %v", took, f.name, f.limit)
			}
		})
	}
	table := recoveryTable(times)
	t.Log("\n" + table)
	if *chaosOut != "" {
		if err := os.WriteFile(*chaosOut, []byte(table), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// chaosRun is long enough to hit, and to go on for a while behind the fault.
var chaosRun = []string{"--model", "mlp:128,64", "--epochs", "14", "--batch", "128"}

func chaosRoundOf(t *testing.T, f fault, victim, at int, want string) time.Duration {
	dir, join := filepath.Join(t.TempDir(), "run"), freeAddress(t, "join")
	var nodes []*process
	for i := range 4 {
		args := []string{"--name", fmt.Sprintf("n%d", i), "--join", join, "--nnodes", "4", "--eval-every", "0", "--out", dir, "--progress", "none"}
		nodes = append(nodes, start(t, node, append(args, chaosRun...)...))
	}
	eventually(t, 30*time.Second, "the moment of the fault", func() bool { return steps(dir) >= at })
	kill(t, nodes[victim], f.signal)
	struck := time.Now()
	// Whatever was under way is in the file by now, or lost with the ring.
	settled := time.NewTimer(20 * time.Millisecond)
	<-settled.C
	before := steps(dir)
	eventually(t, 30*time.Second, "the next committed step", func() bool { return steps(dir) > before })
	took := time.Since(struck)
	if f.signal == syscall.SIGSTOP {
		kill(t, nodes[victim], syscall.SIGCONT)
	}
	for i, p := range nodes {
		code := p.wait(t, time.Minute)
		if i == victim && f.signal != syscall.SIGSTOP {
			if f.signal == syscall.SIGTERM && code != 0 {
				t.Errorf("the drained node: exit code %d\n%s", code, p.stderr.String())
			}
			continue
		}
		if code != 0 {
			t.Fatalf("node %d: exit code %d\n%s", i, code, p.stderr.String())
		}
		if got := p.sha(t); got != want {
			t.Errorf("node %d ended with %s, undisturbed %s", i, got, want)
		}
	}
	return took
}

// recoveryTable is Markdown.
func recoveryTable(times map[string][]time.Duration) string {
	var b strings.Builder
	fmt.Fprintln(&b, "| fault | rounds | median | 90 % | worst |")
	fmt.Fprintln(&b, "|---|---|---|---|---|")
	for _, f := range faults {
		d := slices.Sorted(slices.Values(times[f.name]))
		if len(d) == 0 {
			continue
		}
		q := func(p float64) time.Duration { return d[min(int(p*float64(len(d))), len(d)-1)].Round(time.Millisecond) }
		fmt.Fprintf(&b, "| %s | %d | %v | %v | %v |\n", f.name, len(d), q(0.5), q(0.9), q(1))
	}
	return b.String()
}
