package bench

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/train"
)

// prepared are steps that can be taken: the other processes are met.
type prepared struct {
	cfg   train.Config
	ring  *allreduce.Ring                                           // nil in a whole run, which forms its own
	take  func(context.Context, train.Config, train.Observer) error // as many as the configuration says
	leave func() error
}

// prepare readies the task's steps, either bare ones on a ring or those of a
// whole run.
func (t task) prepare(ctx context.Context, meet func(string) ([]string, error)) (prepared, error) {
	cfg, data, err := t.Step.config(ctx, t.Nodes)
	if err != nil {
		return prepared{}, err
	}
	if t.Step.Whole {
		return t.whole(ctx, cfg, meet)
	}
	ring, top, leave, err := t.form(ctx, t.Step.Transport, cfg.Shards, meet)
	if err != nil {
		return prepared{}, err
	}
	return prepared{cfg: cfg, ring: ring, leave: leave, take: func(ctx context.Context, cfg train.Config, o train.Observer) error {
		return train.Rehearse(ctx, cfg, data, ring, top, o)
	}}, nil
}

// whole readies a run of its own: nodes that find each other by gossip, compare
// their states and tell where they are. Checkpoints are none of its cost: how
// often they are written is up to who runs it.
func (t task) whole(ctx context.Context, cfg train.Config, meet func(string) ([]string, error)) (prepared, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return prepared{}, err
	}
	addrs, err := meet(addr)
	if err != nil {
		return prepared{}, err
	}
	return prepared{cfg: cfg, leave: func() error { return nil }, take: func(ctx context.Context, cfg train.Config, o train.Observer) error {
		_, err := train.Run(ctx, cfg, train.Options{
			Name: fmt.Sprintf("process-%d", t.Rank), Listen: addr, Join: addrs[:1], Nodes: t.Nodes,
			Out: filepath.Join(t.Step.Dir, fmt.Sprint(t.Rank)), CheckpointEvery: -1,
			Observe: o,
		})
		return err
	}}, nil
}

// freeAddress returns an address on loopback at which nobody listens.
func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
