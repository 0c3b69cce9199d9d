package bench

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"github.com/ballast-ml/ballast/train"
)

// whole takes the steps in a run of their own: nodes that find each other by
// gossip, compare their states, tell where they are, and write checkpoints.
func (t task) whole(ctx context.Context, cfg train.Config, meet func(string) ([]string, error)) (StepResult, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return StepResult{}, err
	}
	addrs, err := meet(addr)
	if err != nil {
		return StepResult{}, err
	}
	cfg.Steps = maxWarm + t.Step.Steps
	w := watch{warm: maxWarm}
	_, err = train.Run(ctx, cfg, train.Options{
		Name: fmt.Sprintf("process-%d", t.Rank), Listen: addr, Join: addrs[:1], Nodes: t.Nodes,
		Out: filepath.Join(t.Step.Dir, fmt.Sprint(t.Rank)), CheckpointEvery: 100,
		Observe: w.observer(),
	})
	if err != nil {
		return StepResult{}, err
	}
	return w.result(t, cfg), nil
}

// freeAddress returns an address on loopback at which nobody listens.
func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
