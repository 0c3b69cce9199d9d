package train

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// firstStage trains a small model and returns the directory it is in, and the
// configuration of a second stage that starts from it.
func firstStage(t *testing.T) (string, Config) {
	t.Helper()
	cfg := Defaults()
	cfg.Data, cfg.Label, cfg.Embed, cfg.Norm = "csv:"+writeTable(t, 180), "-1", "ple:4", "batch"
	cfg.Model, cfg.Method, cfg.Epochs, cfg.Batch, cfg.Shards = "mlp:6", "erm", 1, 32, 3
	dir := t.TempDir()
	file, _ := alone(t, cfg)
	if err := os.WriteFile(filepath.Join(dir, modelName), file, 0o666); err != nil {
		t.Fatal(err)
	}
	cfg.Init, cfg.Model, cfg.Embed, cfg.Norm, cfg.Method = dir, "auto", "none", "auto", "la"
	return dir, cfg
}

func alone(t *testing.T, cfg Config) ([]byte, Summary) {
	t.Helper()
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	file, s, err := Alone(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return file, s
}

// TestInitFreeze: a second stage begins with the first one's parameters, keeps
// those that are frozen to the bit, statistics included, and trains the others.
func TestInitFreeze(t *testing.T) {
	dir, cfg := firstStage(t)
	first, err := LoadModel(filepath.Join(dir, modelName))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Freeze, cfg.Seed = "features", 99
	cfg.DataSeed = new(uint64)
	*cfg.DataSeed = 1
	file, _ := alone(t, cfg)
	second, err := decodeModel(file) // fields, dense, norm, ReLU, dropout, dense
	if err != nil {
		t.Fatal(err)
	}
	a, b := first.Net.Tensors(), second.Net.Tensors()
	for i := range a {
		same := bytesOf(a[i].Data) == bytesOf(b[i].Data)
		if frozen := !strings.HasPrefix(a[i].Name, "layers.5."); same != frozen {
			t.Errorf("%s: the same as before: %v, want %v", a[i].Name, same, frozen)
		}
	}
	cfg.Reset = "classifier"
	if again, _ := alone(t, cfg); bytes.Equal(file, again) {
		t.Error("a classifier that starts anew ends as the one that did not")
	}
	cfg.Freeze, cfg.Reset, cfg.LRScale = "", "", "features=0,classifier=1"
	scaled, err := decodeModel(must(alone(t, cfg)))
	if err != nil {
		t.Fatal(err)
	}
	if c := scaled.Net.Tensors(); bytesOf(c[0].Data) != bytesOf(a[0].Data) {
		t.Errorf("%s moved at a learning rate of 0", c[0].Name)
	}
}

func must(file []byte, _ Summary) []byte { return file }

func bytesOf(x []float32) string {
	var b strings.Builder
	for _, v := range x {
		b.WriteString(hexFloat(float64(v)) + " ")
	}
	return b.String()
}

// TestInitRefuses: what does not go with the model is told with its flag.
func TestInitRefuses(t *testing.T) {
	_, good := firstStage(t)
	for want, edit := range map[string]func(*Config){
		"--model":               func(c *Config) { c.Model = "mlp:7" },
		"--norm":                func(c *Config) { c.Norm = "layer" },
		"--embed":               func(c *Config) { c.Embed = "ple:8" },
		"--ensemble":            func(c *Config) { c.Ensemble = 2 },
		"expected a model file": func(c *Config) { c.Init = filepath.Join(c.Init, "none") },
		"names no tensor":       func(c *Config) { c.Freeze = "layers.77.*" },
		"--reset: ":             func(c *Config) { c.Reset = "head" },
		"features=x":            func(c *Config) { c.LRScale = "features=x" },
		"--reset: needs --init": func(c *Config) { c.Init, c.Reset = "", "classifier" },
	} {
		cfg := good
		edit(&cfg)
		data, err := Open(t.Context(), cfg, "")
		if err == nil {
			_, _, err = Alone(t.Context(), cfg, data, Options{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// TestInitIdentity: nodes compare the model that they start from, not its path.
func TestInitIdentity(t *testing.T) {
	dir, cfg := firstStage(t)
	text := func() string {
		data, err := Open(t.Context(), cfg, "")
		if err != nil {
			t.Fatal(err)
		}
		j, err := newJob(cfg, data)
		if err != nil {
			t.Fatal(err)
		}
		return j.cfg.Canonical()
	}
	here := text()
	other := filepath.Join(t.TempDir(), "copy.safetensors")
	file, err := os.ReadFile(filepath.Join(dir, modelName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, file, 0o666); err != nil {
		t.Fatal(err)
	}
	cfg.Init = other
	if there := text(); here != there || !strings.Contains(here, "init=sha256:") {
		t.Errorf("%s\nand\n%s", here, there)
	}
}
