package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
)

// Two nodes find each other and agree; a third, with other settings, is told
// what differs. On sockets, cluster/rpc takes the place of clustertest.
func Example() {
	ctx := context.Background()
	net := clustertest.New()
	defer net.Close()
	seed := net.Endpoint()
	config := func(name, lr string, n cluster.Network) cluster.Config {
		return cluster.Config{
			Name: name, Join: []string{seed.Addr()}, Nodes: 2, Shards: 8, Network: n,
			Identity: cluster.Identity{Run: "example", Config: "batch=128\nlr=" + lr},
		}
	}
	a, err := cluster.Join(ctx, config("a", "0.1", seed))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Leave(ctx)

	_, err = cluster.Join(ctx, config("c", "0.2", net.Endpoint()))
	if refused := new(cluster.RefusedError); errors.As(err, &refused) {
		fmt.Println("refused:", refused.Field, refused.Ours, "is not", refused.Theirs)
	}

	b, err := cluster.Join(ctx, config("b", "0.1", net.Endpoint()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Leave(ctx)
	r, err := b.Await(ctx, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for rank, m := range r.Members {
		lo, hi := r.Range(rank)
		given, _, _ := strings.Cut(m.Name, "#")
		fmt.Printf("rank %d: %s hosts shards %d to %d\n", rank, given, lo, hi-1)
	}
	// Output:
	// refused: config lr=0.2 is not lr=0.1
	// rank 0: a hosts shards 0 to 3
	// rank 1: b hosts shards 4 to 7
}

// A ring of three loses a member, and goes on as a ring of two.
func ExampleNode_During() {
	ctx := context.Background()
	net := clustertest.New()
	defer net.Close()
	ends := []*clustertest.Endpoint{net.Endpoint(), net.Endpoint(), net.Endpoint()}
	nodes := make([]*cluster.Node, len(ends))
	for i, e := range ends {
		n, err := cluster.Join(ctx, cluster.Config{
			Name: string('a' + rune(i)), Join: []string{ends[0].Addr()}, Nodes: 3, Shards: 8, Network: e,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer n.Leave(ctx)
		nodes[i] = n
	}
	r, err := nodes[0].Await(ctx, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	session, release := nodes[0].During(ctx, r)
	defer release()
	fmt.Println("a ring of", len(r.Members))

	net.Kill(ends[1])
	<-session.Done() // training on r ends here
	if lost := new(cluster.LossError); errors.As(context.Cause(session), &lost) {
		given, _, _ := strings.Cut(lost.Peer, "#")
		fmt.Println("lost", given)
	}
	r, err = nodes[0].Await(ctx, r.Generation)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("a ring of", len(r.Members))
	// Output:
	// a ring of 3
	// lost b
	// a ring of 2
}
