package train

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// keptStage trains a first stage with batch norm, embeddings and a validation
// part. It returns a run directory with its model and a checkpoint of every
// third of its 12 steps, of which that of step 6 is the best, and the
// configuration of a second stage that starts from the model.
func keptStage(t *testing.T) (dir string, second Config) {
	t.Helper()
	cfg := Defaults()
	cfg.Data, cfg.Label, cfg.Embed, cfg.Norm = "csv:"+writeTable(t, 150), "-1", "ple:4", "batch"
	cfg.Model, cfg.Method, cfg.Epochs, cfg.Batch, cfg.Shards, cfg.ValFraction = "mlp:6", "erm", 4, 32, 3, 0.2
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	j := testJob(t, cfg, data)
	dir = t.TempDir()
	c := openCheckpoints(filepath.Join(dir, checkpointsName), 3, 9, identityOf(j))
	scores := map[int]float64{3: 0.5, 6: 0.75, 9: 0.75, 12: 0.25}
	j.observe = Tee(j.observe, Observer{StepDone: func(v StepDone) {
		if score, ok := scores[v.Step]; ok {
			c.write(j.snap(1, score))
		}
	}})
	_, err = trainJobs(t.Context(), j)
	c.close(j.observe)
	if err != nil || j.state.Step != 12 {
		t.Fatalf("%d steps, %v", j.state.Step, err)
	}
	file, _ := alone(t, cfg)
	write(t, filepath.Join(dir, modelName), file)
	cfg.Init, cfg.Model, cfg.Embed, cfg.Norm, cfg.Method = dir, "auto", "none", "auto", "absgd+la"
	return dir, cfg
}

func at(c Config, init string) Config {
	c.Init = init
	return c
}

// TestInitCheckpoint: a second stage from the last checkpoint is that from the
// model of the same run; from an earlier one it is another, the same on any
// number of nodes, however the checkpoint is named.
func TestInitCheckpoint(t *testing.T) {
	dir, cfg := keptStage(t)
	file := func(step int) string { return filepath.Join(dir, checkpointsName, checkpointName(step)) }
	model := inProcess(t, cfg, 1).ModelSHA256
	if got := inProcess(t, at(cfg, file(12)), 1).ModelSHA256; got != model {
		t.Errorf("from the last checkpoint %s, from the model %s", got, model)
	}
	early := inProcess(t, at(cfg, file(6)), 1).ModelSHA256
	if early == model {
		t.Error("two states lead to the same model")
	}
	for _, nodes := range []int{2, 3} {
		if got := inProcess(t, at(cfg, dir+"@6"), nodes).ModelSHA256; got != early {
			t.Errorf("%d nodes: %s, one node: %s", nodes, got, early)
		}
	}
	if best, err := startFile(dir + "@best"); err != nil || best != file(6) {
		t.Errorf("the best of several, of equal ones the first: %s, %v", best, err)
	}
}

// TestInitCheckpointTakesTheModel: parameters and running statistics are those of
// the checkpoint; no vector of the optimizer's and no position comes along.
func TestInitCheckpointTakesTheModel(t *testing.T) {
	dir, cfg := keptStage(t)
	cfg.Init = dir + "@6"
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJob(cfg, data)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := os.ReadFile(filepath.Join(dir, checkpointsName, checkpointName(6)))
	if err != nil {
		t.Fatal(err)
	}
	_, tensors, err := unseal(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range tensors {
		switch tensor.Name {
		case paramTensor:
			if bytesOf(tensor.Data) != bytesOf(j.net.Params()) {
				t.Error("the parameters are others")
			}
		case runningTensor:
			if len(tensor.Data) == 0 || bytesOf(tensor.Data) != bytesOf(j.net.Running()) {
				t.Error("the running statistics are others")
			}
		}
	}
	for _, slot := range j.opt.State() {
		for _, x := range slot.Data {
			if x != 0 {
				t.Fatalf("%s of the optimizer starts with %v", slot.Name, x)
			}
		}
	}
	if j.state.Step != 0 || j.state.SamplesSeen != 0 {
		t.Errorf("starts at %+v", j.state)
	}
}

// TestInitCheckpointIdentity: the same state written on a ring of another
// generation, with another score, is the same start.
func TestInitCheckpointIdentity(t *testing.T) {
	cfg, data := smallRun(t, nil)
	j := testJob(t, cfg, data)
	start := func(generation uint64, score float64) string {
		s := newSnapshot(j)
		s.generation, s.score = generation, score
		file, err := s.encode(identityOf(j))
		if err != nil {
			t.Fatal(err)
		}
		m, err := decodeStart(file)
		if err != nil {
			t.Fatal(err)
		}
		return m.SHA256
	}
	first := start(1, 0.5)
	if again := start(4, 0.75); first != again {
		t.Errorf("%s and %s", first, again)
	}
	j.net.Running()[0]++
	if other := start(1, 0.5); first == other {
		t.Error("other running statistics are the same start")
	}
}

// TestInitCheckpointResumes: a second stage from a checkpoint, stopped and gone
// on with, ends as one that was not.
func TestInitCheckpointResumes(t *testing.T) {
	dir, cfg := keptStage(t)
	cfg.Init, cfg.Epochs = dir+"@9", 4
	testRunResumes(t, cfg)
}

// TestInitCheckpointRefuses: what cannot be a start says why.
func TestInitCheckpointRefuses(t *testing.T) {
	dir, good := keptStage(t)
	checkpoint := filepath.Join(dir, checkpointsName, checkpointName(6))
	file, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(file)
	changed[len(changed)-5] ^= 1
	unscored := filepath.Join(t.TempDir(), "unscored")
	write(t, filepath.Join(mkdir(t, mkdir(t, filepath.Dir(unscored), "unscored"), checkpointsName), checkpointName(3)),
		resealed(bytes.Replace(file, []byte(`"val_score":`), []byte(`"val_scorx":`), 1)))
	other := writeFile(t, "other.csv", bytes.ReplaceAll(must2(os.ReadFile(strings.TrimPrefix(good.Data, "csv:"))), []byte(",2\n"), []byte(",7\n")))
	for want, edit := range map[string]func(*Config){
		"cut short":                        func(c *Config) { c.Init = writeFile(t, "x.safetensors", file[:len(file)/2]) },
		"damaged: its content has SHA-256": func(c *Config) { c.Init = writeFile(t, "x.safetensors", changed) },
		"of an earlier release": func(c *Config) {
			c.Init = writeFile(t, "x.safetensors", resealed(bytes.Replace(file, []byte(`"network":`), []byte(`"netwonk":`), 1)))
		},
		"tensor param: ": func(c *Config) {
			c.Init = writeFile(t, "x.safetensors", resealed(bytes.Replace(file, []byte(`mlp:6`), []byte(`mlp:7`), -1)))
		},
		"--model mlp:7: the model of --init has mlp:6":  func(c *Config) { c.Model = "mlp:7" },
		"no checkpoint of step 5: ":                     func(c *Config) { c.Init = dir + "@5" },
		"has those of steps [3 6 9 12]":                 func(c *Config) { c.Init = dir + "@7" },
		`"last" behind @: expected the step`:            func(c *Config) { c.Init = dir + "@last" },
		"expected the directory of a run in front of @": func(c *Config) { c.Init = dir + "x@6" },
		"no such file": func(c *Config) { c.Init = checkpoint + "x" },
		"its last checkpoint is " + unscored + "@3": func(c *Config) { c.Init = unscored },
		"no checkpoint in " + unscored:              func(c *Config) { c.Init = unscored + "@best" },
		"other.csv":                                 func(c *Config) { c.Data = "csv:" + other },
	} {
		cfg := good
		cfg.Init = checkpoint
		edit(&cfg)
		var data *dataset.Data
		data, err := Open(t.Context(), cfg, "")
		if err == nil {
			_, _, err = Alone(t.Context(), cfg, data, Options{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		} else {
			t.Log(err)
		}
	}
}

func must2(file []byte, _ error) []byte { return file }
