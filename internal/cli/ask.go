package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/cluster"
	clusterrpc "github.com/ballast-ml/ballast/cluster/rpc"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// AskFunc asks the node at an address for what all members of its run are
// doing. It is [Ask], or a test's stand-in.
type AskFunc func(ctx context.Context, addr string, secret []byte) ([]cluster.MemberStatus, error)

// Ask asks a node over the direct channel, as members ask each other. It needs
// the run's secret, and a free port on loopback, at which nobody is answered.
func Ask(ctx context.Context, addr string, secret []byte) (members []cluster.MemberStatus, err error) {
	credentials, err := jobkey.TLS(secret)
	if err != nil {
		return nil, err
	}
	caller, err := clusterrpc.Listen(ctx, "127.0.0.1:0", clusterrpc.TLS(credentials))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, caller.Close()) }()
	return cluster.Ask(ctx, caller, addr, secret)
}

// AskAny asks the nodes one after the other until one answers.
func (p *Program) AskAny(ctx context.Context, addrs []string, secret []byte) ([]cluster.MemberStatus, error) {
	var failures []error
	for _, addr := range addrs {
		members, err := p.Ask(ctx, addr, secret)
		if err == nil {
			return members, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		failures = append(failures, err)
	}
	if len(failures) == 1 {
		return nil, failures[0]
	}
	return nil, fmt.Errorf("none of %d nodes has answered; the first: %w", len(failures), failures[0])
}
