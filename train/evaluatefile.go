package train

import (
	"context"
	"runtime"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// Evaluate reads a model file and evaluates it on the test part of the data
// that cfg names, prepared as the file says. The rows are cut in cfg.Shards
// parts as in training, so that the sums come out with the same bits. Of the
// summary only what concerns model and test is filled.
func Evaluate(ctx context.Context, path string, cfg Config) (Summary, error) {
	if err := cfg.Validate(); err != nil {
		return Summary{}, usage(err)
	}
	m, err := LoadModel(path)
	if err != nil {
		return Summary{}, usage(err)
	}
	spec := cfg.spec()
	spec.Prep = &m.Prep
	data, err := dataset.Open(ctx, spec)
	if err != nil {
		return Summary{}, usage(err)
	}
	e := evaluator{
		classes: m.Arch.Classes, shards: cfg.Shards,
		crew: newCrew(max(1, min(cfg.Shards, runtime.GOMAXPROCS(0)))),
	}
	defer e.crew.close()
	for range cfg.Shards {
		e.replicas = append(e.replicas, m.Net.Replica())
	}
	r, err := e.evaluate(ctx, data.Test, data.Features(), optimizer.Solo{})
	if err != nil {
		return Summary{}, err
	}
	return Summary{
		ModelSHA256: m.SHA256, Method: cfg.Method, Shards: cfg.Shards, Seed: cfg.Seed,
		Classes: data.Classes, TrainCounts: data.Train.Counts(),
		Test: r.all, TestGroups: r.groups,
	}, nil
}
