package e2e

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledNodeIsNamed kills a node with SIGKILL in the middle of training.
// Every survivor stops within two seconds and names the node, the step and
// the phase.
func TestKilledNodeIsNamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	join := freeAddress(t, "join")
	var nodes []*process
	for _, name := range []string{"a", "b", "c", "d"} {
		nodes = append(nodes, start(t, node, "--name", name, "--join", join, "--nnodes", "4", "--model", "mlp:64,64",
			"--epochs", "100000", "--eval-every", "1", "--out", dir, "--progress", "none"))
	}
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 20 })
	killed := time.Now()
	victim := nodes[2]
	if err := victim.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for i, p := range nodes {
		if p == victim {
			continue
		}
		if code := p.wait(t, 10*time.Second); code != 1 {
			t.Errorf("node %d: exit code %d, expected 1", i, code)
		}
		took := time.Since(killed)
		if took > 2*time.Second {
			t.Errorf("node %d stopped after %v, expected at most 2s", i, took)
		}
		text := p.stderr.String()
		for _, want := range []string{"lost peer c#", "step ", "phase "} {
			if !strings.Contains(lastLine(text), want) {
				t.Errorf("node %d: the last line of its output does not name %q:\n%s", i, want, text)
			}
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
