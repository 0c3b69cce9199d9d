package train

import (
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// judge chooses the best epoch by a figure on the validation part. What it has
// seen is in the job's state, and the best model beside it, so that a run that
// is resumed or goes on without a node ends where it would have ended.
type judge struct {
	by       metrics.Metric
	patience int
	// The best model, or nil if only the score of checkpoints is asked for.
	params, running []float32
}

func newJudge(cfg Config, net *model.Network) (judge, error) {
	by, err := metrics.Parse(cfg.Monitor)
	if err != nil {
		return judge{}, fmt.Errorf("--monitor: %w", err)
	}
	w := judge{by: by, patience: cfg.Patience}
	if cfg.Patience > 0 {
		w.params, w.running = make([]float32, len(net.Params())), make([]float32, len(net.Running()))
	}
	return w, nil
}

// on tells whether a best model is looked for.
func (w *judge) on() bool { return w.params != nil }

// slots are the vectors of the best model, nil if none is looked for.
func (w *judge) slots() []optimizer.Slot {
	if !w.on() {
		return nil
	}
	return []optimizer.Slot{{Name: "param", Data: w.params}, {Name: "running", Data: w.running}}
}

// score returns the monitored figure so that more is better; NaN if the rows do
// not define it.
func (w *judge) score(r Metrics) float64 {
	v, ok := r.Value(w.by.Name)
	switch {
	case !ok:
		return nan
	case w.by.Lower:
		return -v
	}
	return v
}

// judges takes the score of the last committed step into account, once, and
// reports whether it has. Of equal scores the first is the best; the first of
// all is the best so far even if it is NaN.
func (j *job) judges(score float64) bool {
	v, step := &j.state.Verdict, j.state.Step
	if !j.judge.on() || v.Judged == step {
		return false
	}
	v.Judged = step
	if v.Step > 0 && !(metrics.Metric{}).Better(score, v.Score) {
		v.Worse++
		return true
	}
	v.Step, v.Score, v.Worse = step, score, 0
	copy(j.judge.params, j.net.Params())
	copy(j.judge.running, j.net.Running())
	return true
}

// stopsEarly tells whether patience has run out.
func (j *job) stopsEarly() bool { return j.judge.on() && j.state.Verdict.Worse >= j.judge.patience }

// result returns the network that the run ends with: the best one, if one is
// looked for. The job's own stays as the last step has left it, which is the
// state that the nodes compare if the ring breaks now.
func (j *job) result() (*model.Network, error) {
	if !j.judge.on() || j.state.Verdict.Step == 0 {
		return j.net, nil
	}
	net, err := model.New(j.arch)
	if err != nil {
		return nil, err
	}
	copy(net.Params(), j.judge.params)
	copy(net.Running(), j.judge.running)
	return net, nil
}

// validateJudging reports what is wrong with the settings that choose.
func (c Config) validateJudging() error {
	var wrong []error
	if c.Cost != "" {
		if _, err := metrics.ParseCost(c.Cost); err != nil {
			wrong = append(wrong, fmt.Errorf("--cost: %w", err))
		}
	}
	chooses := func(flag, figure string) {
		m, err := metrics.Parse(figure)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Errorf("--%s: %w", flag, err))
		case m.Grouped() && c.GroupBy == "":
			wrong = append(wrong, fmt.Errorf("--%s %s: --group-by is missing, the column of the groups", flag, figure))
		case m.Name == "cost" && c.Cost == "":
			wrong = append(wrong, fmt.Errorf("--%s cost: --cost is missing, as in --cost FN=50,FP=1", flag))
		}
	}
	chooses("monitor", c.Monitor)
	if c.Decide != "raw" {
		chooses("decide", c.Decide)
		if m, err := metrics.Parse(c.Decide); err == nil && !m.Decides() {
			wrong = append(wrong, fmt.Errorf("--decide %s: the decision does not change it; want a figure of decisions, as balanced_accuracy, macro_f1 or cost", c.Decide))
		}
	}
	if c.ValFraction == 0 {
		for _, f := range []struct {
			flag string
			used bool
		}{{"patience", c.Patience > 0}, {"decide", c.Decide != "raw"}} {
			if f.used {
				wrong = append(wrong, fmt.Errorf("--%s: --val-fraction is missing, as in --val-fraction 0.1: nothing is chosen on test rows", f.flag))
			}
		}
	}
	if err := checkPrior(c.Prior); err != nil {
		wrong = append(wrong, fmt.Errorf("--prior: %w", err))
	}
	return errors.Join(wrong...)
}
