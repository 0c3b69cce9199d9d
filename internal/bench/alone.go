package bench

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/model"
)

// Alone measures training steps in this process, with one shard and no ring.
func Alone(ctx context.Context, t StepTask) (StepResult, error) {
	t.Shards, t.Transport = 1, BestTransport
	nobody := func(addr string) ([]string, error) { return []string{addr}, nil }
	return task{Nodes: 1, Step: &t}.step(ctx, nobody)
}

// Size returns the number of parameters of a model, by its short name, and of
// the batch statistics that it sums over the shards besides.
func Size(name string) (parameters, statistics int, err error) {
	n, ok := networks[name]
	if !ok {
		return 0, 0, fmt.Errorf("model %q is not one of %v", name, Models)
	}
	net, err := model.New(model.Config{Arch: n.arch, Input: n.shape, Classes: classes, Seed: 1})
	if err != nil {
		return 0, 0, err
	}
	return len(net.Params()), len(net.Running()), nil
}
