package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDataFromPeers starts a node in an empty folder: it gets the files from
// the other one, and both train the model of one that has them.
func TestDataFromPeers(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(strings.Repeat("secret", 8)), 0o600); err != nil {
		t.Fatal(err)
	}
	small := []string{"--model", "mlp:16", "--steps", "10", "--eval-every", "0", "--batch", "37"}
	want := run(t, 0, ballast, append([]string{"run", "--nproc-per-node", "1", "--progress", "none", "--out", filepath.Join(dir, "alone")}, small...)...).sha(t)

	args := append([]string{"--join", freeAddress(t, "peers"), "--nnodes", "2", "--job-secret-file", secret, "--progress", "plain", "--log-level", "info"}, small...)
	empty, cache := filepath.Join(dir, "empty"), filepath.Join(dir, "cache")
	without := start(t, node, append([]string{"--data", "idx:" + empty, "--data-from", "peers", "--cache", cache, "--out", filepath.Join(dir, "without")}, args...)...)
	eventually(t, 20*time.Second, "it waits for a node with the data", func() bool {
		return strings.Contains(without.stderr.String(), "no node gives the data")
	})
	with := start(t, node, append([]string{"--data-from", "peers", "--out", filepath.Join(dir, "with")}, args...)...)
	for _, p := range []*process{with, without} {
		if code := p.wait(t, time.Minute); code != 0 || p.sha(t) != want {
			t.Errorf("exit code %d, want the model %s\n%s", code, want, p.stderr.String())
		}
	}
	files, err := filepath.Glob(filepath.Join(cache, "from-peers", "*", "data", "*"))
	if err != nil || len(files) != 4 {
		t.Errorf("files that have come: %v, %v", files, err)
	}
	if left, err := os.ReadDir(empty); err == nil {
		t.Errorf("the folder of --data was written to: %v", left)
	}
}
