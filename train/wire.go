package train

import (
	"context"
	"errors"
	"os"
	"regexp"

	"github.com/ballast-ml/ballast/allreduce"
	ringrpc "github.com/ballast-ml/ballast/allreduce/rpc"
	"github.com/ballast-ml/ballast/cluster"
	clusterrpc "github.com/ballast-ml/ballast/cluster/rpc"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// network is a node's place among the others: membership and the transport of
// its rings, which share one server and one port.
type network struct {
	run       string
	node      *cluster.Node
	transport allreduce.Transport
	server    *clusterrpc.Server
}

// connect opens the node's port and makes it visible to the others.
func connect(ctx context.Context, j *job, opts Options, token string, generation uint64) (*network, error) {
	n := &network{run: opts.RunID}
	if n.run == "" {
		n.run = "ballast"
	}
	credentials, err := jobkey.TLS(opts.Secret)
	if err != nil {
		return nil, err
	}
	n.server, err = clusterrpc.Listen(ctx, opts.Listen,
		clusterrpc.Seeds(opts.Join...),
		clusterrpc.ServerOptions(ringrpc.ServerOptions()...),
		clusterrpc.TLS(credentials),
		clusterrpc.Log(opts.Log))
	if err != nil {
		return nil, usage(err)
	}
	if err := guard(opts, n.server.Bound()); err != nil {
		return nil, errors.Join(usage(err), n.server.Close())
	}
	transport := ringrpc.New(ringrpc.Options{TLS: credentials})
	n.server.Register(transport.Register)
	n.transport = transport
	n.node, err = cluster.Join(ctx, cluster.Config{
		Name: nodeName(opts.Name), Advertise: opts.Advertise, Join: opts.Join,
		Secret: opts.Secret, Shards: j.cfg.Shards, Nodes: opts.Nodes, Generation: generation, Token: token,
		StartTimeout: opts.StartTimeout, Network: n.server, Log: opts.Log,
		Identity: cluster.Identity{
			Version: Version, Contract: Contract, Run: n.run,
			Config: j.cfg.Canonical(), Data: j.data.Fingerprint,
		},
	})
	if err != nil {
		return nil, errors.Join(asUsage(err), n.server.Close())
	}
	return n, nil
}

// close ends the membership without a goodbye, if Leave has not said one, and
// the server.
func (n *network) close(ctx context.Context) error {
	return errors.Join(n.node.Leave(ctx), n.server.Close())
}

// asUsage marks a refusal as the person's to mend: the nodes were started with
// different words.
func asUsage(err error) error {
	if refused, ok := errors.AsType[*cluster.RefusedError](err); ok {
		return usage(refused)
	}
	return err
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// nodeName returns a name that the cluster allows, from the one given or the
// host's.
func nodeName(given string) string {
	if given == "" {
		given, _ = os.Hostname()
	}
	given = notInNames.ReplaceAllString(given, "-")
	if given == "" {
		given = "node"
	}
	return given[:min(len(given), 48)]
}
