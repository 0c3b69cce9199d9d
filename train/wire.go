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

// network is a node's place among the others: membership, and the transport of
// its rings.
type network struct {
	run       string
	node      *cluster.Node
	transport allreduce.Transport
	sizes     allreduce.Sizes        // of its rings; zero but in tests
	progress  func(cluster.Progress) // where flight records go; a test hook goes in between
	beat      func()                 // and beats
	shut      func() error           // ends what the two stand on
}

// defaultRun is the label of a run that was given none.
const defaultRun = "ballast"

// connect opens the node's port, where one server carries membership and the
// ring, and makes the node visible to the others.
func (m *member) connect(ctx context.Context, generation uint64) (*network, error) {
	way, err := ringrpc.ParseWay(m.opts.Transport)
	if err != nil {
		return nil, usage(err)
	}
	credentials, err := jobkey.TLS(m.opts.Secret)
	if err != nil {
		return nil, err
	}
	server, err := clusterrpc.Listen(ctx, m.opts.Listen,
		clusterrpc.Seeds(m.opts.Join...),
		clusterrpc.ServerOptions(ringrpc.ServerOptions()...),
		clusterrpc.TLS(credentials),
		clusterrpc.PlainLoopback(m.opts.PlainLoopback),
		clusterrpc.Log(m.opts.Log))
	if err != nil {
		return nil, usage(err)
	}
	if err := guard(m.opts, server.Bound()); err != nil {
		return nil, errors.Join(usage(err), server.Close())
	}
	transport := ringrpc.New(ringrpc.Options{TLS: credentials, PlainLoopback: m.opts.PlainLoopback, Way: way, Port: true})
	server.Register(transport.Register)
	server.Files(shelf(m.job.cfg, m.opts).Answer)
	server.Beside(ringrpc.DataByte, jobkey.Ring, jobkey.LocalRing, transport.Join)
	n, err := m.enter(ctx, generation, server, transport)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	n.shut = server.Close
	return n, nil
}

// enter makes the node visible over a network that somebody else closes.
func (m *member) enter(ctx context.Context, generation uint64, over cluster.Network, transport allreduce.Transport) (*network, error) {
	j, opts := m.job, m.opts
	n := &network{run: opts.run(), transport: transport, shut: func() error { return nil }}
	var err error
	n.node, err = cluster.Join(ctx, cluster.Config{
		Name: nodeName(opts.Name), Advertise: opts.Advertise, Join: opts.Join,
		Secret: opts.Secret, Shards: j.cfg.Shards, Groups: j.cfg.Fold, Token: m.token(),
		Nodes: opts.Nodes, Min: opts.Min, Max: opts.Max, Quorum: opts.Quorum, Generation: generation,
		Waiting:      func(reason string) { j.observe.Waiting(Waiting{Reason: reason}) },
		StartTimeout: opts.StartTimeout, Network: over, Log: opts.Log,
		Identity: cluster.Identity{
			Version: Version, Contract: Contract, Run: n.run,
			Config: j.cfg.Canonical(), Data: j.data.Fingerprint,
		},
	})
	if err != nil {
		return nil, asUsage(err)
	}
	n.progress, n.beat = n.node.SetProgress, n.node.Beat
	return n, nil
}

// close says goodbye, if that has not been done, and ends the network.
func (n *network) close(ctx context.Context) error {
	return errors.Join(n.node.Leave(ctx), n.shut())
}

// asUsage marks what is the person's to mend: the nodes were started with
// different words, or with ones that do not fit the machine.
func asUsage(err error) error {
	if way, ok := errors.AsType[*ringrpc.WayError](err); ok {
		return usage(way)
	}
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
