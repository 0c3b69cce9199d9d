package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestResumeAfterTheDeathOfAll kills all nodes in the middle of an epoch and
// goes on with another number of them, from a directory whose newest
// checkpoint is damaged.
func TestResumeAfterTheDeathOfAll(t *testing.T) {
	want := baseline(t, small...)
	dir := filepath.Join(t.TempDir(), "run")
	join := freeAddress(t, "join")
	begin := func(n int, more ...string) []*process {
		var nodes []*process
		for i := range n {
			args := []string{"--name", fmt.Sprintf("n%d", i), "--join", join, "--nnodes", fmt.Sprint(n), "--eval-every", "0",
				"--out", dir, "--checkpoint-every", "40", "--progress", "plain"}
			nodes = append(nodes, start(t, node, append(append(args, small...), more...)...))
		}
		return nodes
	}
	nodes := begin(3)
	eventually(t, 30*time.Second, "some checkpoints", func() bool {
		written, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
		return steps(dir) > 150 && len(written) >= 2 // they are written beside the steps
	})
	for _, p := range nodes {
		kill(t, p, syscall.SIGKILL)
	}
	for _, p := range nodes {
		p.wait(t, 10*time.Second)
	}
	damaged := damageNewest(t, filepath.Join(dir, "checkpoints"))
	var said string
	for _, p := range begin(2, "--resume", "auto") {
		if code := p.wait(t, time.Minute); code != 0 {
			t.Fatalf("exit code %d\n%s", code, p.stderr.String())
		}
		if got := p.sha(t); got != want {
			t.Errorf("resumed: %s, undisturbed %s", got, want)
		}
		said += p.stderr.String()
	}
	if !strings.Contains(said, damaged) {
		t.Errorf("the damaged checkpoint %s was not named:\n%s", damaged, said)
	}
	checkRunDirectory(t, dir, want, 2) // among others: each step is told once
}

// damageNewest flips a byte in the middle of the newest checkpoint and returns
// its name.
func damageNewest(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "step-*.safetensors"))
	if err != nil || len(files) < 2 {
		t.Fatalf("checkpoints: %v (%v), expected two at least", files, err)
	}
	newest := files[len(files)-1]
	text, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(newest, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return filepath.Base(newest)
}
