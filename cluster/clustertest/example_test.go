package clustertest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
)

func Example() {
	net := clustertest.New()
	defer net.Close()
	a, b := net.Endpoint(), net.Endpoint()
	err := b.Serve(func(_ context.Context, from string, req []byte) ([]byte, error) {
		return fmt.Appendf(nil, "%s from %s", req, from), nil
	})
	if err != nil {
		fmt.Println(err)
	}
	answer, err := a.Call(context.Background(), b.Addr(), []byte("hello"))
	fmt.Printf("%s, %v\n", answer, err)

	net.Kill(b)
	_, err = a.Call(context.Background(), b.Addr(), []byte("hello"))
	fmt.Println(errors.Is(err, cluster.ErrRefused))
	// Output:
	// hello from 10.0.0.1:7946, <nil>
	// true
}
