package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUpToDate fails if the generated files of package kernel are not what
// this program writes now: run go generate in the folder above. Since those
// files are outside this module, a cached result does not count: use -count=1.
func TestUpToDate(t *testing.T) {
	dir := t.TempDir()
	for _, run := range [][]string{
		{"-set", "matmul", "-out", "matmul_amd64.s", "-stubs", "matmul_stubs_amd64.go", "-pkg", "kernel"},
		{"-set", "vector", "-out", "vector_amd64.s", "-stubs", "vector_stubs_amd64.go", "-pkg", "kernel"},
		{"-set", "grid", "-out", "grid_amd64.s", "-stubs", "grid_stubs_amd64.go", "-pkg", "kernel"},
		{"-set", "planes", "-out", "planes_amd64.s", "-stubs", "planes_stubs_amd64.go", "-pkg", "kernel"},
		{"-set", "exp", "-out", "exp_amd64.s", "-stubs", "exp_stubs_amd64.go", "-pkg", "kernel"},
		{"-set", "dispatch", "-out", "matmul_dispatch_amd64.go"},
	} {
		args := []string{"run", "."}
		for i, a := range run {
			if i > 0 && (run[i-1] == "-out" || run[i-1] == "-stubs") {
				a = filepath.Join(dir, a)
			}
			args = append(args, a)
		}
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if body := func(b []byte) []byte { _, rest, _ := bytes.Cut(b, []byte("\n")); return rest }; !bytes.Equal(body(got), body(want)) {
			t.Errorf("%s is out of date", f.Name())
		}
	}
}
