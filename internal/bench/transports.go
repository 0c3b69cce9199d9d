package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/allreduce"
	ringrpc "github.com/ballast-ml/ballast/allreduce/rpc"
	clusterrpc "github.com/ballast-ml/ballast/cluster/rpc"
)

// endpoint is a process's way onto a ring.
type endpoint struct {
	allreduce.Transport
	addr  string // where the others find it
	close func() error
}

// transports are the ways that the bytes of a ring can go, each opened on
// loopback.
var transports = []struct {
	name string
	open func(ctx context.Context) (endpoint, error)
}{
	{"grpc", openGRPC},
}

// Transports returns the names of the transports that can be measured.
func Transports() []string {
	var names []string
	for _, t := range transports {
		names = append(names, t.name)
	}
	return names
}

// open opens a transport by its name.
func open(ctx context.Context, name string) (endpoint, error) {
	for _, t := range transports {
		if t.name == name {
			return t.open(ctx)
		}
	}
	return endpoint{}, fmt.Errorf("transport %q is not one of %s", name, strings.Join(Transports(), ", "))
}

// openGRPC opens the port that a node has, which gRPC shares with gossip.
func openGRPC(ctx context.Context) (endpoint, error) {
	server, err := clusterrpc.Listen(ctx, "127.0.0.1:0", clusterrpc.ServerOptions(ringrpc.ServerOptions()...))
	if err != nil {
		return endpoint{}, err
	}
	t := ringrpc.New(ringrpc.Options{})
	server.Register(t.Register)
	nobody := func(context.Context, string, []byte) ([]byte, error) {
		return nil, errors.New("this is a benchmark, not a node")
	}
	if err := server.Serve(nobody); err != nil {
		return endpoint{}, errors.Join(err, server.Close())
	}
	return endpoint{Transport: t, addr: server.Addr(), close: server.Close}, nil
}
