package bench

import (
	"context"
	"errors"
	"runtime"

	"github.com/ballast-ml/ballast/allreduce"
	ringrpc "github.com/ballast-ml/ballast/allreduce/rpc"
	clusterrpc "github.com/ballast-ml/ballast/cluster/rpc"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// endpoint is a process's way onto a ring.
type endpoint struct {
	allreduce.Transport
	addr  string // where the others find it
	close func() error
}

// Transports returns the names of the transports that can be measured here, as
// --transport has them. BestTransport is the one that takes the fastest of them.
func Transports() []string {
	if runtime.GOOS == "linux" {
		return []string{"grpc", "tcp", "shm"}
	}
	return []string{"grpc", "tcp"}
}

// BestTransport lets the nodes choose, as they do if nothing is said.
const BestTransport = "auto"

// open opens the port that a node has, on loopback.
func open(ctx context.Context, transport string) (endpoint, error) {
	way, err := ringrpc.ParseWay(transport)
	if err != nil {
		return endpoint{}, err
	}
	server, err := clusterrpc.Listen(ctx, "127.0.0.1:0", clusterrpc.ServerOptions(ringrpc.ServerOptions()...))
	if err != nil {
		return endpoint{}, err
	}
	t := ringrpc.New(ringrpc.Options{Way: way, Port: true})
	server.Register(t.Register)
	server.Beside(ringrpc.DataByte, jobkey.Ring, jobkey.LocalRing, t.Join)
	nobody := func(context.Context, string, []byte) ([]byte, error) {
		return nil, errors.New("this is a benchmark, not a node")
	}
	if err := server.Serve(nobody); err != nil {
		return endpoint{}, errors.Join(err, server.Close())
	}
	return endpoint{Transport: t, addr: server.Addr(), close: server.Close}, nil
}
