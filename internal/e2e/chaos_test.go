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

// fault is something that befalls a run of four nodes: what happens to one of
// them, or a fifth that comes.
type fault struct {
	name   string
	signal syscall.Signal // 0: the network's fault, or none
	limit  time.Duration  // until the next committed step
}

const (
	joins = "join"
	cuts  = "link cut"
)

var faults = []fault{
	{"SIGKILL", syscall.SIGKILL, 2 * time.Second},
	{"SIGTERM", syscall.SIGTERM, 2 * time.Second},
	{"SIGSTOP", syscall.SIGSTOP, 6 * time.Second},
	{joins, 0, 2 * time.Second},
	{cuts, 0, 6 * time.Second},
}

// lasts tells whether the node comes back when the fault is over.
func (f fault) lasts() bool { return f.signal == syscall.SIGKILL || f.signal == syscall.SIGTERM }

// TestChaos repeats a run of four nodes with a fault at a random moment in a
// random node, checks the checksum, and measures how long it takes until the
// survivors have committed the next step. A node that was stopped or cut off
// comes back, finds the others gone on, and must end with the same model. Of a
// newcomer the longest time between two steps is measured.
func TestChaos(t *testing.T) {
	want := baseline(t, chaosRun...)
	r := rand.New(rand.NewPCG(*chaosSeed, 0))
	times := map[string][]time.Duration{}
	for round := range *chaosRounds {
		f := faults[round%len(faults)]
		victim, at := r.IntN(4), 50+r.IntN(250)
		t.Run(fmt.Sprintf("%d-%s-%d-at-%d", round, f.name, victim, at), func(t *testing.T) {
			c := newChaos(t, f)
			took := c.play(t, f, victim, at)
			times[f.name] = append(times[f.name], took)
			if took > f.limit {
				t.Errorf("the next step came %v after %s, expected at most %v", took, f.name, f.limit)
			}
			c.end(t, f, victim, want)
		})
	}
	table := recoveryTable(times)
	t.Log("\n" + table)
	if *chaosOut != "" {
		if err := replaceTable(*chaosOut, table); err != nil {
			t.Fatal(err)
		}
	}
}

// chaosRun is long enough to hit, and to go on for a while behind the fault.
var chaosRun = []string{"--model", "mlp:128,64", "--epochs", "14", "--batch", "128"}

// chaos is one run of four nodes, each in a network of its own if links are to
// be cut.
type chaos struct {
	dir    string
	args   []string
	spaces []space // nil: all on loopback
	nodes  []*process
}

func newChaos(t *testing.T, f fault) *chaos {
	c := &chaos{dir: filepath.Join(t.TempDir(), "run")}
	c.args = append([]string{"--eval-every", "0", "--out", c.dir, "--progress", "none", "--run-id", t.Name()}, chaosRun...)
	if f.name == cuts {
		c.spaces = newSpaces(t, 4)
		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte(strings.Repeat("chaos", 8)), 0o600); err != nil {
			t.Fatal(err)
		}
		c.args = append(c.args, "--job-secret-file", secret, "--join", c.spaces[0].addr+":7946")
	} else {
		c.args = append(c.args, "--join", freeAddress(t, "join"))
	}
	for range 4 {
		c.start(t, "--nnodes", "4")
	}
	return c
}

// start starts one more node.
func (c *chaos) start(t *testing.T, more ...string) {
	i := len(c.nodes)
	args := append(append([]string{"--name", fmt.Sprintf("n%d", i)}, c.args...), more...)
	program := node
	if c.spaces != nil {
		program, args = "ip", append([]string{"netns", "exec", c.spaces[i].name, node}, args...)
	}
	c.nodes = append(c.nodes, start(t, program, args...))
}

// play has the fault happen at a step, and returns how long it takes until the
// next one. Of what passes the node is well again.
func (c *chaos) play(t *testing.T, f fault, victim, at int) time.Duration {
	eventually(t, 60*time.Second, "the moment of the fault", func() bool { return steps(c.dir) >= at })
	switch {
	case f.name == joins:
		return c.join(t)
	case f.name == cuts:
		c.spaces[victim].link(t, "down")
	default:
		kill(t, c.nodes[victim], f.signal)
	}
	struck := time.Now()
	// Whatever was under way is in the file by now, or lost with the ring.
	settled := time.NewTimer(20 * time.Millisecond)
	<-settled.C
	before := steps(c.dir)
	eventually(t, 30*time.Second, "the next committed step", func() bool { return steps(c.dir) > before })
	took := time.Since(struck)
	switch {
	case f.name == cuts:
		c.spaces[victim].link(t, "up")
	case f.signal == syscall.SIGSTOP:
		kill(t, c.nodes[victim], syscall.SIGCONT)
	}
	return took
}

// join starts a fifth node and returns the longest time between two steps until
// some steps behind the ring with it.
func (c *chaos) join(t *testing.T) (longest time.Duration) {
	c.start(t, "--resume", "auto")
	late := c.nodes[4]
	last, count, behind := time.Now(), steps(c.dir), -1
	eventually(t, 30*time.Second, "some steps with the newcomer", func() bool {
		if n := steps(c.dir); n > count {
			longest = max(longest, time.Since(last))
			last, count = time.Now(), n
		}
		if behind < 0 && strings.Contains(late.stderr.String(), "ring agreed") {
			behind = count
		}
		return behind >= 0 && count > behind+5
	})
	return longest
}

// end waits for the nodes, which end with the model of an undisturbed run.
func (c *chaos) end(t *testing.T, f fault, victim int, want string) {
	for i, p := range c.nodes {
		code := p.wait(t, time.Minute)
		if i == victim && f.lasts() {
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

// replaceTable puts a table into a Markdown file, in place of the one between
// two comments.
func replaceTable(path, table string) error {
	const begin, end = "<!-- chaos -->\n", "<!-- /chaos -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table: want a line %q and one %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(head+begin+table+end+tail), 0o666)
}
