package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/train"
)

// StepResult is the cost of a training step, seen by the first process.
type StepResult struct {
	Model     string       `json:"model"`
	Method    string       `json:"method"`
	Nodes     int          `json:"nodes"`
	Shards    int          `json:"shards"`
	Transport string       `json:"transport"`
	Batch     int          `json:"batch"` // samples of all processes
	Steps     int          `json:"steps"`
	Samples   float64      `json:"samples_per_s"` // by the median step
	Best      float64      `json:"samples_per_s_best"`
	Mean      float64      `json:"samples_per_s_mean"` // by the whole time
	Millis    float64      `json:"ms"`                 // median
	CPU       float64      `json:"ms_cpu"`             // processor time of one process, mean
	Phases    train.Phases `json:"seconds"`            // medians
	Fastest   train.Phases `json:"seconds_best"`       // of the fastest step
}

// Models are the models whose step is measured, by their short names.
var Models = []string{"mlp", "lenet", "resnet20"}

// network is what stands behind a model's short name.
type network struct {
	arch  string
	shape []int
	rows  int // of a process, in each step
}

const classes = 10

var networks = map[string]network{
	"mlp":      {"mlp:256,128", []int{1, 28, 28}, 128},
	"lenet":    {"lenet", []int{1, 28, 28}, 128},
	"resnet20": {"resnet20", []int{3, 32, 32}, 32},
}

// Step measures training steps on a number of processes.
func (c Crew) Step(ctx context.Context, nodes int, t StepTask) (StepResult, error) {
	results, err := c.do(ctx, nodes, task{Step: &t})
	if err != nil {
		return StepResult{}, fmt.Errorf("step of %s on %d processes: %w", t.Model, nodes, err)
	}
	var r StepResult
	return r, json.Unmarshal(results[0], &r)
}

// step takes the task's steps. Unless their number is given, it takes a few to
// learn how long one takes, and then as many as fit into the time.
func (t task) step(ctx context.Context, meet func(string) ([]string, error)) (result StepResult, err error) {
	p, err := t.prepare(ctx, meet)
	if err != nil {
		return StepResult{}, err
	}
	defer func() { err = errors.Join(err, p.leave()) }()
	steps := t.Step.Steps
	if steps == 0 {
		if steps, err = p.fitting(ctx, t.Step.Duration); err != nil {
			return StepResult{}, err
		}
	}
	w := watch{warm: min(steps/2, maxWarm)}
	p.cfg.Steps = w.warm + steps
	if err := p.take(ctx, p.cfg, w.observer()); err != nil {
		return StepResult{}, err
	}
	return w.result(t, p.cfg), nil
}

// fitting returns how many steps take about so long, as the first process finds.
func (p prepared) fitting(ctx context.Context, d time.Duration) (int, error) {
	const tries, least = 3, 5
	w := watch{warm: 1}
	p.cfg.Steps = tries
	if err := p.take(ctx, p.cfg, w.observer()); err != nil {
		return 0, err
	}
	steps := int(float64(d.Milliseconds()) / Median(w.millis))
	return agree(ctx, p.ring, 1<<40, max(steps, least))
}

// maxWarm is the most steps taken before those that count, while memory finds
// its place.
const maxWarm = 10

// config returns the settings and the data of the steps: those of a plain run
// with ABSGD or another method, random images, and a fixed rate.
func (s *StepTask) config(ctx context.Context, nodes int) (train.Config, *dataset.Data, error) {
	n, ok := networks[s.Model]
	if !ok {
		return train.Config{}, nil, fmt.Errorf("model %q is not one of %v", s.Model, Models)
	}
	if s.Rows > 0 {
		n.rows = s.Rows
	}
	cfg := train.Defaults()
	cfg.Model, cfg.Dropout = n.arch, 0
	cfg.Method, cfg.Lambda = s.Method, "1"
	cfg.Optimizer, cfg.LR, cfg.LRSchedule, cfg.WeightDecay, cfg.Warmup, cfg.Clip = "sgd", 0.01, "constant", 5e-4, 0, 0
	cfg.Batch, cfg.Epochs = n.rows*nodes, 1<<30
	cfg.Shards = s.Shards
	if cfg.Shards == 0 {
		cfg.Shards = nodes
	}
	if s.Whole {
		return cfg, nil, nil
	}
	if s.Glyphs {
		data, err := dataset.Open(ctx, dataset.Spec{Data: cfg.Data, Seed: cfg.Seed})
		return cfg, data, err
	}
	return cfg, dataset.Noise(n.shape, classes, max(2048, cfg.Batch), 1), nil
}

// watch is told of steps and keeps their times, in milliseconds.
type watch struct {
	warm   int // steps that do not count
	millis []float64
	phases []train.Phases
	last   time.Time
	cpu    time.Duration // at the first of the steps that count
	used   time.Duration // since
}

func (w *watch) observer() train.Observer {
	return train.Observer{StepDone: func(s train.StepDone) {
		now := time.Now()
		switch {
		case s.Step == w.warm:
			w.cpu = cpuTime()
		case s.Step > w.warm:
			w.millis = append(w.millis, now.Sub(w.last).Seconds()*1e3)
			w.phases = append(w.phases, s.Phases)
			w.used = cpuTime() - w.cpu
		}
		w.last = now
	}}
}

func (w *watch) result(t task, cfg train.Config) StepResult {
	r := StepResult{
		Model: t.Step.Model, Method: t.Step.Method, Nodes: t.Nodes, Shards: cfg.Shards, Transport: t.Step.Transport,
		Batch: cfg.Batch, Steps: len(w.millis), Millis: Median(w.millis), Phases: medianPhases(w.phases),
	}
	if t.Nodes == 1 {
		r.Transport = ""
	}
	total := 0.0
	for _, ms := range w.millis {
		total += ms
	}
	n := float64(len(w.millis))
	r.Samples = float64(r.Batch) / r.Millis * 1e3
	fastest := slices.Min(w.millis)
	r.Best = float64(r.Batch) / fastest * 1e3
	r.Fastest = w.phases[slices.Index(w.millis, fastest)]
	r.Mean = float64(r.Batch) * n / total * 1e3
	r.CPU = w.used.Seconds() * 1e3 / n
	return r
}

func medianPhases(all []train.Phases) train.Phases {
	median := func(of func(train.Phases) float64) float64 {
		values := make([]float64, len(all))
		for i, p := range all {
			values[i] = of(p)
		}
		return Median(values)
	}
	return train.Phases{
		Data:       median(func(p train.Phases) float64 { return p.Data }),
		Forward:    median(func(p train.Phases) float64 { return p.Forward }),
		Normalizer: median(func(p train.Phases) float64 { return p.Normalizer }),
		Backward:   median(func(p train.Phases) float64 { return p.Backward }),
		AllReduce:  median(func(p train.Phases) float64 { return p.AllReduce }),
		Optimizer:  median(func(p train.Phases) float64 { return p.Optimizer }),
	}
}
