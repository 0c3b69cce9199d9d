package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// TestPatience: a run stops when patience has run out, its model is that of the
// best epoch, and it is the same at any number of nodes.
func TestPatience(t *testing.T) {
	edit := func(c *Config) {
		c.Epochs, c.Patience, c.Monitor, c.LR, c.LRSchedule = 12, 2, "log_loss", 0.2, "constant"
	}
	cfg, data := smallRun(t, edit)
	var scores []float64
	j := testJob(t, cfg, data)
	j.observe = Tee(Observer{}, Observer{Evaluated: func(v Evaluation) { scores = append(scores, v.LogLoss) }})
	out, err := trainJobs(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	s, perEpoch := out[0], j.plan.StepsPerEpoch()
	if len(scores) == 12 || s.Steps != len(scores)*perEpoch {
		t.Fatalf("%d evaluations, %d steps of %d: it did not stop early", len(scores), s.Steps, 12*perEpoch)
	}
	best := 0
	for i, v := range scores {
		if v < scores[best] {
			best = i
		}
	}
	if best != len(scores)-3 || s.BestStep != (best+1)*perEpoch {
		t.Errorf("scores %v: best step %d of epochs of %d", scores, s.BestStep, perEpoch)
	}
	if s.Val == nil || math.Abs(s.Val.LogLoss-scores[best]) > 0 {
		t.Errorf("the model's log-loss is %+v, the best epoch's %v", s.Val, scores[best])
	}
	for _, nodes := range []int{2, 5} {
		var jobs []*job
		for range nodes {
			jobs = append(jobs, testJob(t, cfg, data))
		}
		other, err := trainJobs(t.Context(), jobs...)
		if err != nil {
			t.Fatal(err)
		}
		if other[0].ModelSHA256 != s.ModelSHA256 {
			t.Errorf("%d nodes: another model", nodes)
		}
	}
}

// TestJudgeOnce: an evaluation that is repeated, as after a broken ring, counts
// once; a score that is not defined is better than nothing, and worse than any.
func TestJudgeOnce(t *testing.T) {
	cfg, data := smallRun(t, func(c *Config) { c.Patience = 2 })
	j := testJob(t, cfg, data)
	for _, c := range []struct {
		step, score float64
		want        verdict
	}{
		{4, math.NaN(), verdict{4, 4, math.NaN(), 0}},
		{8, 0.5, verdict{8, 8, 0.5, 0}},
		{8, 0.9, verdict{8, 8, 0.5, 0}},
		{9, 0.5, verdict{9, 8, 0.5, 1}},
		{10, math.NaN(), verdict{10, 8, 0.5, 2}},
	} {
		j.state.Step = int(c.step)
		j.judges(c.score)
		got := j.state.Verdict
		if got.Score != got.Score && c.want.Score != c.want.Score {
			got.Score, c.want.Score = 0, 0
		}
		if got != c.want {
			t.Errorf("step %v, score %v: %+v, expected %+v", c.step, c.score, got, c.want)
		}
	}
	if !j.stopsEarly() {
		t.Error("two worse epochs do not stop it")
	}
}

func TestJudgingRefuses(t *testing.T) {
	for want, edit := range map[string]func(*Config){
		"--monitor: no metric \"balanced\"":     func(c *Config) { c.Monitor = "balanced" },
		"--patience: --val-fraction is missing": func(c *Config) { c.Patience = 3 },
		"--decide: --val-fraction is missing":   func(c *Config) { c.Decide = "macro_f1" },
		"--decide auroc: the decision":          func(c *Config) { c.Decide, c.ValFraction = "auroc", 0.1 },
		"--monitor cost: --cost is missing":     func(c *Config) { c.Monitor = "cost" },
		"--cost: ":                              func(c *Config) { c.Cost = "50" },
		"--patience -1":                         func(c *Config) { c.Patience = -1 },
		"--prior: \"a=0\"":                      func(c *Config) { c.Prior = "a=0" },
	} {
		c := Defaults()
		edit(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}

// TestKillWhileJudging: whoever dies while an epoch is judged, at its end or at
// the run's, the model is that of the undisturbed run.
func TestKillWhileJudging(t *testing.T) {
	cfg, _, _ := simRun(t)
	cfg.ValFraction, cfg.Patience = 0.1, 3
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	want := inProcess(t, cfg, 1).ModelSHA256
	for _, step := range []int{16, 46} {
		for victim := range 3 {
			survivors := slices.DeleteFunc([]int{0, 1, 2}, func(i int) bool { return i == victim })
			t.Run(fmt.Sprintf("%d/%d", step, victim), func(t *testing.T) {
				play(t, cfg, data, want, fmt.Sprintf("start 3\nkill %d at %d evaluation\nexpect dead %d\nexpect done %s",
					victim, step, victim, list(survivors)))
			})
		}
	}
}
