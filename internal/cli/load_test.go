package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// load reads settings from a command line, an environment and a file's text.
func load(t interface{ Fatal(...any) }, dir, text string, environ, args []string) (Settings, Origins, error) {
	path := filepath.Join(dir, "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s := DefaultSettings()
	flags := Union(s.Flags(ForLauncher))
	if err := flags.Parse(append([]string{"--config", path}, args...)); err != nil {
		t.Fatal(err)
	}
	origins, err := Load(flags, environ)
	return s, origins, err
}

func TestLayers(t *testing.T) {
	s, origins, err := load(t, t.TempDir(),
		"lr: 0.1\nbatch: 16\nepochs: 3\njoin: [a:1, b:2]\nlambda: 2\nlabel: 0\ndata-seed: 7\nnorm: batch\nname: x\nstart-timeout: 5s\n",
		[]string{"BALLAST_BATCH=32", "BALLAST_EPOCHS=4", "BALLAST_JOIN=c:3", "BALLAST_WARMUP=", "BALLAST_JOB_SECRET=x", "OTHER=1"},
		[]string{"--epochs=5"})
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultSettings()
	seven := uint64(7)
	want.Train.LR, want.Train.Batch, want.Train.Epochs, want.Train.Lambda, want.Train.Label = 0.1, 32, 5, "2", "0"
	want.Train.DataSeed, want.Train.Norm = &seven, "batch"
	want.PlainLoopback = true // a launcher's default
	want.Join, want.StartTimeout, want.ConfigFile = []string{"c:3"}, 5*time.Second, s.ConfigFile
	if d := cmp.Diff(want, s); d != "" {
		t.Error(d)
	}
	for key, from := range map[string]string{
		"lr": FromFile, "batch": FromEnv, "epochs": FromFlag, "join": FromEnv, "warmup": FromDefault, "config": FromFlag,
	} {
		if origins[key] != from {
			t.Errorf("%s comes from %s, want %s", key, origins[key], from)
		}
	}
	if _, ok := origins["name"]; ok {
		t.Error("the launcher has an origin for name, which is a node's")
	}
}

// TestConfigYAMLRoundTrip: the file of a run, read again, gives the same model.
func TestConfigYAMLRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := DefaultSettings()
		c := &s.Train
		text := rapid.StringMatching(`[ -~]{0,12}`)
		c.Data, c.Label, c.LabelNoise, c.Lambda = text.Draw(t, "data"), text.Draw(t, "label"), text.Draw(t, "noise"), text.Draw(t, "lambda")
		c.Seed = rapid.Uint64().Draw(t, "seed")
		if rapid.Bool().Draw(t, "has data seed") {
			seed := rapid.Uint64().Draw(t, "data seed")
			c.DataSeed = &seed
		}
		c.LR = rapid.Float64Range(0, 1).Draw(t, "lr")
		c.Tau, c.Gamma = rapid.Float64().Draw(t, "tau"), rapid.Float64Range(1e-9, 1).Draw(t, "gamma")
		c.Floor, c.Norm = rapid.Bool().Draw(t, "floor"), rapid.SampledFrom([]string{"auto", "batch", "group:4"}).Draw(t, "norm")
		c.Batch, c.Steps = rapid.Int().Draw(t, "batch"), rapid.Int().Draw(t, "steps")
		s.Join, s.Out, s.NProc = []string{"a:1"}, "somewhere", 3

		got, _, err := load(t, dir, string(ConfigYAML(s.Flags(ForLauncher), Origins{})), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s.Train, got.Train); d != "" {
			t.Fatal(d)
		}
		if got.Out != "" || got.Join != nil || got.NProc != 0 {
			t.Fatalf("the place of the run was read back: %+v", got)
		}
	})
}

func TestConfigYAML(t *testing.T) {
	s := DefaultSettings()
	got := string(ConfigYAML(s.Flags(ForLauncher), Origins{"seed": "flag", "label": "file"}))
	for _, want := range []string{"\nseed: 1                          # flag\n", "\nlabel: \"-1\"                      # file\n", "\n# out: \"\"", "\n# data-seed: not set"} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "handover") || strings.Contains(got, "secret: ") {
		t.Errorf("it says too much:\n%s", got)
	}
}

// TestEverySettingIsReachable: each flag can be set by file and environment,
// and shapes the model or is known not to.
func TestConfigYAMLTellsNoSecret(t *testing.T) {
	s := DefaultSettings()
	s.Train.Data = "csv:https://me:pass@host/a.csv?X-Signature=abc"
	got := string(ConfigYAML(s.Flags(ForLauncher), Origins{"data": "flag"}))
	if strings.Contains(got, "pass") || strings.Contains(got, "abc") {
		t.Error("a secret of the address is in the file")
	}
	if want := "what is secret in the address is left out"; !strings.Contains(got, want) {
		t.Errorf("the file does not say %q:\n%s", want, got[:300])
	}
}

func TestEverySettingIsReachable(t *testing.T) {
	for _, key := range keys() {
		name := variable(key)
		if back := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, envPrefix), "_", "-")); back != key {
			t.Errorf("%s is %s in the environment, which is read as %s", key, name, back)
		}
	}
	for key, want := range map[string]bool{"lr": true, "shards": true, "data-seed": true, "out": false, "nnodes": false, "eval-every": false} {
		if shapesModel(key) != want {
			t.Errorf("shapesModel(%q) = %v", key, !want)
		}
	}
}

// FuzzReadFile: no text makes the reader of settings panic, and what it
// refuses it refuses as the person's mistake.
func FuzzReadFile(f *testing.F) {
	for _, text := range []string{"", "lr: 1", "lr: [1, 2]", "lr:", "a: {b: 1}", "- 1", "lr: 1\nlr: 2", "? [a]\n: 1", "lr: .inf", "1: 2", "join: {}", "\xff"} {
		f.Add(text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, err := load(t, dir, text, nil, nil); err != nil && ExitCode(err) != ExitUsage {
			t.Errorf("%q: %v: exit code %d", text, err, ExitCode(err))
		}
	})
}
