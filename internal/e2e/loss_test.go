package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// baseline trains on one node, undisturbed, and returns the checksum.
func baseline(t *testing.T, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "baseline")
	return run(t, 0, node, append([]string{"--eval-every", "0", "--progress", "none", "--out", out}, args...)...).sha(t)
}

// small is a run of a few seconds on four nodes.
var small = []string{"--model", "mlp:64,32", "--epochs", "12", "--batch", "96"}

// TestKillEachRank kills each of four nodes once, in runs of their own, with
// SIGKILL at a moment that the machine's noise chooses. The survivors end with
// the model of an undisturbed run.
func TestKillEachRank(t *testing.T) {
	want := baseline(t, small...)
	for rank := range 4 {
		t.Run(fmt.Sprint(rank), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			nodes := fleet(t, 4, dir)
			eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 30+10*rank })
			kill(t, nodes[rank], syscall.SIGKILL)
			for i, p := range nodes {
				if i == rank {
					continue
				}
				if code := p.wait(t, 30*time.Second); code != 0 {
					t.Fatalf("node %d: exit code %d\n%s", i, code, p.stderr.String())
				}
				if got := p.sha(t); got != want {
					t.Errorf("node %d ended with %s, undisturbed %s", i, got, want)
				}
			}
		})
	}
}

// TestKillAllButOne: the last one's neighbours are proved dead, so it goes on
// alone.
func TestKillAllButOne(t *testing.T) {
	want := baseline(t, small...)
	dir := filepath.Join(t.TempDir(), "run")
	nodes := fleet(t, 3, dir)
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 40 })
	kill(t, nodes[0], syscall.SIGKILL)
	kill(t, nodes[2], syscall.SIGKILL)
	if code := nodes[1].wait(t, 30*time.Second); code != 0 {
		t.Fatalf("exit code %d\n%s", code, nodes[1].stderr.String())
	}
	if got := nodes[1].sha(t); got != want {
		t.Errorf("ended with %s, undisturbed %s", got, want)
	}
}

// TestJoinAndDrain replaces both nodes of a run while it goes on.
func TestJoinAndDrain(t *testing.T) {
	long := append([]string{"--epochs", "40"}, small[:2]...)
	long = append(long, "--batch", "96")
	want := baseline(t, long...)
	dir, join := filepath.Join(t.TempDir(), "run"), freeAddress(t, "join")
	begin := func(name string) *process {
		return start(t, node, append([]string{"--name", name, "--join", join, "--nnodes", "2", "--eval-every", "0",
			"--out", dir, "--resume", "auto", "--progress", "none"}, long...)...)
	}
	a, b := begin("a"), begin("b")
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 40 })
	c := begin("c")
	eventually(t, 30*time.Second, "a ring with the newcomer", func() bool { return strings.Contains(c.stderr.String(), "ring agreed") })
	kill(t, b, syscall.SIGTERM)
	if code := b.wait(t, 10*time.Second); code != 0 {
		t.Errorf("the drained node: exit code %d\n%s", code, b.stderr.String())
	}
	for _, p := range []*process{a, c} {
		if code := p.wait(t, time.Minute); code != 0 {
			t.Fatalf("exit code %d\n%s", code, p.stderr.String())
		}
		if got := p.sha(t); got != want {
			t.Errorf("ended with %s, undisturbed %s", got, want)
		}
	}
}

// fleet starts n nodes of the small run.
func fleet(t *testing.T, n int, dir string, more ...string) []*process {
	t.Helper()
	join := freeAddress(t, "join")
	var nodes []*process
	for i := range n {
		args := []string{"--name", fmt.Sprintf("n%d", i), "--join", join, "--nnodes", fmt.Sprint(n),
			"--eval-every", "0", "--out", dir, "--progress", "none"}
		nodes = append(nodes, start(t, node, slices.Concat(args, small, more)...))
	}
	return nodes
}

func kill(t *testing.T, p *process, s syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
