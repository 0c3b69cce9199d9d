package train

import (
	"context"
	"errors"
	"runtime"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/optimizer"
)

// EvaluateOptions says what to find out about a model beside the figures that
// are always reported.
type EvaluateOptions struct {
	// Figures are names of further figures; see [Options].
	Figures []string
	// Bootstrap is the number of samples for the 95 % intervals of all figures;
	// 0: no intervals.
	Bootstrap int
	// TauNorm, if above 0 and up to 1, evaluates the model with the weights of its
	// last layer divided by their lengths to this power (see
	// [model.Network.NormalizeClassifier]); what the file says of decisions and
	// probabilities is about other logits then, and left out.
	TauNorm float64
	// Cache is a directory where parsed tables are kept; empty: nowhere.
	Cache string
}

// Evaluate reads a model file and evaluates it on the test part of the data
// that cfg names, prepared as the file says. Of the summary only what concerns
// model and test is filled.
func Evaluate(ctx context.Context, path string, cfg Config, o EvaluateOptions) (Summary, error) {
	if err := cfg.Validate(); err != nil {
		return Summary{}, usage(err)
	}
	m, err := LoadModel(path)
	if err != nil {
		return Summary{}, usage(err)
	}
	if o.TauNorm > 0 {
		if m.Arch.Cosine > 0 {
			return Summary{}, usage(errors.New("--tau-norm: the model's last layer is a cosine, whose weights have no length"))
		}
		m.Net.NormalizeClassifier(o.TauNorm)
		m.Readout = plainReadout(m.Arch.Classes)
	}
	data, err := m.open(ctx, cfg, o.Cache)
	if err != nil {
		return Summary{}, err
	}
	setup, err := cfg.setup(data.Classes, data.Train.Counts())
	if err != nil {
		return Summary{}, usage(err)
	}
	if setup.Extra, err = parseFigures(o.Figures); err != nil {
		return Summary{}, usage(err)
	}
	scores, err := m.scores(ctx, data.Test, cfg.Shards)
	if err != nil {
		return Summary{}, err
	}
	setup = of(setup, data.Test)
	s := Summary{
		ModelSHA256: m.SHA256, Method: cfg.Method, Ensemble: max(1, m.Arch.Ensemble), Shards: cfg.Shards, Seed: cfg.Seed,
		Classes: data.Classes, TrainCounts: data.Train.Counts(),
		Test: m.Readout.measure(scores, setup, m.Readout.Use), TestGroups: groupReports(scores, data.Test.Groups(), setup, m.Readout),
	}
	if o.Bootstrap > 0 {
		setup = m.Readout.setup(setup, m.Readout.Use)
		s.Test.Intervals = metrics.Bootstrap(scores, setup, o.Bootstrap, 0.95, cfg.Seed)
		setup.Figures, setup.Groups = []metrics.Metric{}, nil
		for _, g := range data.Test.Groups() {
			m := s.TestGroups[g.Name]
			m.Intervals = metrics.Bootstrap(rowsOf(scores, g), setup, o.Bootstrap, 0.95, cfg.Seed)
			s.TestGroups[g.Name] = m
		}
	}
	return s, nil
}

// open opens data for the model: prepared as its file says.
func (m *Model) open(ctx context.Context, cfg Config, cache string) (*dataset.Data, error) {
	spec := cfg.spec()
	spec.Prep, spec.Cache = &m.Prep, cache
	spec.Weight = "" // figures count rows
	return openData(ctx, spec)
}

// scores returns the model's logits of all rows of a set, computed in parallel
// on as many replicas as there are parts.
func (m *Model) scores(ctx context.Context, set *dataset.Set, parts int) (metrics.Scores, error) {
	e := evaluator{
		classes: m.Arch.Classes, shards: parts,
		crew: newCrew(max(1, min(parts, runtime.GOMAXPROCS(0)))),
	}
	defer e.crew.close()
	width := 1
	for _, n := range m.Arch.Input {
		width *= n
	}
	for range parts {
		e.replicas = append(e.replicas, m.Net.Replica())
	}
	return e.scores(ctx, set, width, optimizer.Solo{})
}
