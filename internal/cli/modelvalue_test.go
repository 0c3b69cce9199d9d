package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/model"
)

func TestModelFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.yaml")
	text := "# a small network\n- conv: 16x5\n- pool: max\n- {dense: 64}\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var arch string
	v := modelValue{&arch}
	if err := v.Set(path); err != nil || arch != "layers:conv=16x5/pool=max/dense=64" || model.CheckArch(arch) != nil {
		t.Errorf("%q, error %v", arch, err)
	}
	if err := v.Set("mlp:8"); err != nil || v.String() != "mlp:8" {
		t.Errorf("%q, error %v", arch, err)
	}
	if err := v.Set(path + ".yml"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// FuzzLayersOf: no file makes a panic, and errors say what is wanted.
func FuzzLayersOf(f *testing.F) {
	for _, s := range []string{"- dense: 64\n", "", "- conv: 1\n  dense: 2\n", "dense: 3", "- [1]", "- dense", "- dense: {a: b}", "- a: &x 1\n- b: *x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		arch, err := layersOf(file)
		if err != nil && !strings.Contains(err.Error(), "want") {
			t.Errorf("error %v", err)
		}
		if err == nil && !strings.HasPrefix(arch, "layers:") {
			t.Errorf("%q", arch)
		}
	})
}
