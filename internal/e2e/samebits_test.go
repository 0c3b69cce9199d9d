package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// TestSameBitsAnyNumberOfProcesses trains over real processes and gRPC. 37
// divides neither by the shards nor by any number of processes.
func TestSameBitsAnyNumberOfProcesses(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"mlp, lambda 2", []string{"--model", "mlp:32,16", "--method", "absgd+la", "--lambda", "2", "--steps", "20"}},
		{"cnn with batch norm and dropout, lambda -2", []string{
			"--model", "lenet", "--norm", "batch", "--dropout", "0.2", "--method", "absgd", "--lambda", "-2", "--steps", "6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := ""
			for _, n := range []int{1, 2, 3, 4, 7} {
				out := filepath.Join(t.TempDir(), "run")
				args := append([]string{"run", "--batch", "37", "--shards", "8", "--eval-every", "0",
					"--nproc-per-node", fmt.Sprint(n), "--progress", "none", "--out", out}, c.args...)
				sum := run(t, 0, ballast, args...).sha(t)
				checkRunDirectory(t, out, sum, n)
				if want == "" {
					want = sum
				}
				if sum != want {
					t.Errorf("%d processes: model %s, one process: %s", n, sum, want)
				}
			}
		})
	}
}

// checkRunDirectory checks what a finished run has left.
func checkRunDirectory(t *testing.T, dir, sum string, nodes int) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if got := sha256.Sum256(file); hex.EncodeToString(got[:]) != sum {
		t.Errorf("the model file's SHA-256 is %x, the run said %s", got, sum)
	}
	var s train.Summary
	readJSON(t, filepath.Join(dir, "summary.json"), &s)
	if s.ModelSHA256 != sum || s.Nodes != nodes || s.Test.Rows != testRows || len(s.Test.PerClassRecall) != classes {
		t.Errorf("summary.json: %+v", s)
	}
	if got := steps(dir); got != s.Steps {
		t.Errorf("metrics.jsonl has %d steps, the summary %d", got, s.Steps)
	}
}

// TestNodesByHand starts nodes with one command, all at once, as a person
// would in several terminals.
func TestNodesByHand(t *testing.T) {
	dir := t.TempDir()
	var nodes []*process
	for range 3 {
		nodes = append(nodes, start(t, node, "--join", freeAddress(t, "by hand"), "--nnodes", "3", "--model", "mlp:16",
			"--steps", "10", "--eval-every", "0", "--out", filepath.Join(dir, "run"), "--progress", "plain"))
	}
	sums := map[string]bool{}
	for _, p := range nodes {
		if code := p.wait(t, time.Minute); code != 0 {
			t.Fatalf("exit code %d\n%s", code, p.stderr.String())
		}
		sums[p.sha(t)] = true
	}
	alone := run(t, 0, node, "--model", "mlp:16", "--steps", "10", "--eval-every", "0", "--progress", "none",
		"--out", filepath.Join(dir, "alone"))
	sums[alone.sha(t)] = true
	if len(sums) != 1 {
		t.Errorf("models differ: %v", sums)
	}
}
