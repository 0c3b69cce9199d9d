package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// simRun is a small run, its data and the checksum of its undisturbed model.
func simRun(t *testing.T) (Config, *dataset.Data, string) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Batch, cfg.Epochs, cfg.Lambda = "csv:"+writeTable(t, 400), "mlp:8", 20, 3, "2"
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	return cfg, data, inProcess(t, cfg, 1).ModelSHA256
}

// TestScripts plays every script of testdata. Each bug that was found by
// chance stays as one.
func TestScripts(t *testing.T) {
	cfg, data, want := simRun(t)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, cfg, data, want, string(script))
		})
	}
}
