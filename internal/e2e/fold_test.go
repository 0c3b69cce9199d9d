package e2e

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestFold sums the gradient in two levels: four nodes share two groups of
// shards, over each way that can be demanded. One is killed, so that the three
// left share the groups in another way. The model is that of one node,
// undisturbed, and not that of one ring.
func TestFold(t *testing.T) {
	fold := []string{"--fold", "2"}
	want := baseline(t, slices.Concat(small, fold)...)
	if ring := baseline(t, small...); ring == want {
		t.Error("--fold 2 trains the model of one ring")
	}
	for _, way := range []string{"shm", "tcp", "grpc"} {
		t.Run(way, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			nodes := fleet(t, 4, dir, append(fold, "--transport", way)...)
			eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 40 })
			kill(t, nodes[3], syscall.SIGKILL)
			for i, p := range nodes[:3] {
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

// TestFoldResumesOnOneNode kills all of four nodes that sum in two levels. One
// goes on from the checkpoint, and sums both by itself.
func TestFoldResumesOnOneNode(t *testing.T) {
	long := []string{"--fold", "2", "--epochs", "40"}
	want := baseline(t, slices.Concat(small, long)...)
	dir := filepath.Join(t.TempDir(), "run")
	nodes := fleet(t, 4, dir, append(long, "--checkpoint-every", "20")...)
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 40 })
	for _, p := range nodes {
		kill(t, p, syscall.SIGKILL)
	}
	for _, p := range nodes {
		p.wait(t, 10*time.Second)
	}
	again := slices.Concat([]string{"--eval-every", "0", "--progress", "none", "--out", dir, "--resume", "auto"}, small, long)
	if got := run(t, 0, node, again...).sha(t); got != want {
		t.Errorf("resumed on one node: %s, undisturbed %s", got, want)
	}
}
