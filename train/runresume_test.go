package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunResumes stops whole runs of one node, through the front door, and
// goes on in their directory: the model is that of a run that was never
// stopped, and metrics.jsonl has every line once.
func TestRunResumes(t *testing.T) {
	cfg, _ := smallRun(t, nil)
	testRunResumes(t, cfg)
}

// TestRunResumesAtEpochEnd: from checkpoints behind which an epoch has been
// evaluated, so that it is evaluated twice and told of once.
func TestRunResumesAtEpochEnd(t *testing.T) {
	cfg, _ := smallRun(t, func(c *Config) { c.Epochs, c.Batch = 4, 64 })
	testRunResumes(t, cfg)
}

// TestRunResumesAugmented: in the middle of an epoch of images that change.
func TestRunResumesAugmented(t *testing.T) {
	cfg, _ := smallRun(t, nil)
	cfg.Data, cfg.Augment, cfg.Lambda = "idx:"+writeImages(t, 180, 30), "crop,flip,cutout", "2"
	testRunResumes(t, cfg)
}

func testRunResumes(t *testing.T, cfg Config) {
	cache := t.TempDir()
	run := func(out, resume string, stop int) (Summary, error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return Run(ctx, cfg, Options{
			Out: out, Resume: resume, CheckpointEvery: 3, EvalEvery: 1, Listen: "127.0.0.1:0",
			Cache: cache, InMemory: int64(stop), // the data lie in files, but at the first and the last time
			Observe: Observer{StepDone: func(v StepDone) {
				if v.Step == stop {
					cancel()
				}
			}},
		})
	}
	calm := filepath.Join(t.TempDir(), "run")
	want, err := run(calm, "never", 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := keysIn(t, filepath.Join(calm, metricsName))
	if !strings.HasSuffix(lines, fmt.Sprintf(" %d %[1]dval", want.Steps)) {
		t.Errorf("a run without a stop: %s", lines)
	}

	out := filepath.Join(t.TempDir(), "run")
	for _, stop := range []int{1, 4, 8} {
		if _, err := run(out, "auto", stop); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at step %d: %v", stop, err)
		}
	}
	got, err := run(out, "auto", 0)
	if err != nil || got.ModelSHA256 != want.ModelSHA256 || got.TrainLoss != want.TrainLoss || got.SamplesSeen != want.SamplesSeen {
		t.Errorf("%v\nresumed:        %+v\nwithout a stop: %+v", err, got, want)
	}
	if d := keysIn(t, filepath.Join(out, metricsName)); d != lines {
		t.Errorf("metrics of the resumed run:\n%s, without a stop:\n%s", d, lines)
	}
	if _, err := run(out, "auto", 0); err == nil || !strings.Contains(err.Error(), "come to its end") {
		t.Errorf("resuming a finished run: %v", err)
	}
}
