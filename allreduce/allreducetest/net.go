package allreducetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
)

// Net is what a test suite runs on: nodes that can reach each other, each with
// its own transport (which may be one and the same).
type Net struct {
	Transports []allreduce.Transport
	Addrs      []string // by node; nil if the transport needs none
	Groups     int      // of shards; 0: a Sum has one level
	// Kill takes a node away as kill -9 does: connections break, nobody says
	// goodbye.
	Kill func(node int)
}

// limit is how long anything may take that has no reason to take long; it is
// far above what a loaded machine needs.
const limit = 20 * time.Second

// Topology returns the ring of the whole net from one node's point of view.
func (n Net) Topology(rank int, bounds []int, sizes allreduce.Sizes) allreduce.Topology {
	t := allreduce.Topology{
		Run: "test", Generation: 1, Roster: 77, Rank: rank,
		Addrs: n.Addrs, Shards: bounds, Groups: n.Groups, Sizes: sizes,
	}
	for r := range n.Transports {
		t.Names = append(t.Names, Name(r))
	}
	return t
}

// Name returns the name of a node in Topology.
func Name(rank int) string { return fmt.Sprintf("node-%d", rank) }

// Form forms the ring on all nodes and closes it when the test ends.
func (n Net) Form(t testing.TB, bounds []int, sizes allreduce.Sizes) []*allreduce.Ring {
	t.Helper()
	rings := make([]*allreduce.Ring, len(n.Transports))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	errs := Each(len(rings), func(r int) (err error) {
		rings[r], err = allreduce.Form(ctx, n.Transports[r], n.Topology(r, bounds, sizes))
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Each(len(rings), func(r int) error { return rings[r].Close() }) })
	return rings
}

// Open opens the links of all nodes and closes them when the test ends.
func (n Net) Open(t testing.TB) []allreduce.Link {
	t.Helper()
	links := make([]allreduce.Link, len(n.Transports))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	bounds := Bounds(8, len(links))
	errs := Each(len(links), func(r int) (err error) {
		links[r], err = n.Transports[r].Open(ctx, n.Topology(r, bounds, allreduce.Sizes{}))
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(links) })
	return links
}

// closeAll closes links while it reads what is left on them, as a ring does.
func closeAll(links []allreduce.Link) {
	Each(2*len(links), func(i int) error {
		l := links[i/2]
		if i%2 == 0 {
			return l.Close()
		}
		for {
			f, err := l.Recv()
			if err != nil {
				return err
			}
			f.Release()
		}
	})
}

// Each calls f for every rank at once and returns their errors by rank.
func Each(n int, f func(rank int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for r := range n {
		wg.Go(func() { errs[r] = f(r) })
	}
	wg.Wait()
	return errs
}
