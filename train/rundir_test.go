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
