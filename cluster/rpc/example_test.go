package rpc_test

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/rpc"
)

// A lone node: it listens, forms a ring of one, and leaves.
func Example() {
	ctx := context.Background()
	srv, err := rpc.Listen(ctx, "") // no seeds: a free port on loopback
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	node, err := cluster.Join(ctx, cluster.Config{Name: "solo", Shards: 8, Network: srv})
	if err != nil {
		fmt.Println(err)
		return
	}
	roster, err := node.Await(ctx, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("members:", len(roster.Members), "shards:", roster.Shards)
	node.Finish(nil)
	fmt.Println("left:", node.Leave(ctx))
	// Output:
	// members: 1 shards: [0 8]
	// left: <nil>
}
