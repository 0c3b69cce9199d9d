package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClaim: nodes that see one directory find one token; an earlier run and a
// directory that cannot be made are refused; a claim can be undone.
func TestClaim(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "run")
	first, err := claim(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	second, err := claim(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if first.token == "" || first.token != second.token {
		t.Errorf("tokens %q and %q", first.token, second.token)
	}
	second.release() // did not lay it
	if _, err := os.Stat(filepath.Join(dir, tokenName)); err != nil {
		t.Error(err)
	}
	first.release()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a run that never began has left %s (%v)", dir, err)
	}

	used := t.TempDir()
	write(t, filepath.Join(used, "summary.json"), []byte("{}"))
	if _, err := claim(used, false); err == nil || !strings.Contains(err.Error(), "summary.json") {
		t.Errorf("an earlier run's directory: %v", err)
	}
	file := writeFile(t, "file", nil)
	if _, err := claim(filepath.Join(file, "run"), false); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("a directory in a file: %v", err)
	}
}

// TestClaimResumes: a run that has not come to its end may go on in its
// directory, where each node finds the token of before; one that has may not.
func TestClaimResumes(t *testing.T) {
	dir := t.TempDir()
	first, err := claim(dir, true) // nothing to resume: a start
	if err != nil {
		t.Fatal(err)
	}
	if err := first.begin([]byte("seed: 1\n"), 0); err != nil {
		t.Fatal(err)
	}
	o := first.observer()
	o.StepDone(StepDone{Step: 1})
	o.Evaluated(Evaluation{Step: 1, Split: "val"})
	o.StepDone(StepDone{Step: 2})
	if _, err := claim(dir, false); err == nil || !strings.Contains(err.Error(), "--resume auto") {
		t.Errorf("a new run in the directory of another: %v", err)
	}

	second, err := claim(dir, true)
	if err != nil || second.token != first.token {
		t.Fatalf("%v; tokens %q and %q", err, second.token, first.token)
	}
	if err := second.begin([]byte("seed: 1\n"), 1); err != nil {
		t.Fatal(err)
	}
	if got := keysIn(t, filepath.Join(dir, metricsName)); got != "1 1val" {
		t.Errorf("metrics of a run resumed at step 1: %s", got)
	}
	if err := second.finish([]byte("model"), Summary{}); err != nil {
		t.Fatal(err)
	}
	if err := second.close(); err != nil {
		t.Error(err)
	}
	if _, err := claim(dir, true); err == nil || !strings.Contains(err.Error(), "come to its end") {
		t.Errorf("resuming a finished run: %v", err)
	}
}
