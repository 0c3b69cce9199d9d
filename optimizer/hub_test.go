package optimizer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/internal/logsum"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub joins the reducers of several nodes in one process. It folds with the
// same function as the ring, in shard order.
type hub struct {
	nodes int
	mu    sync.Mutex
	round *round
}

// round is one collective: what each shard brought.
type round struct {
	arrived int
	values  []any
	done    chan struct{}
}

// port is the reducer of the node that hosts the shards from lo on.
type port struct {
	hub *hub
	lo  int
}

func newHub(nodes, shards int) *hub {
	h := &hub{nodes: nodes}
	h.round = h.newRound(shards)
	return h
}

func (h *hub) newRound(shards int) *round {
	return &round{values: make([]any, shards), done: make(chan struct{})}
}

func exchange[T any](ctx context.Context, p port, local []T) ([]any, error) {
	h := p.hub
	h.mu.Lock()
	r := h.round
	for i, v := range local {
		r.values[p.lo+i] = v
	}
	if r.arrived++; r.arrived == h.nodes {
		h.round = h.newRound(len(r.values))
		close(r.done)
	}
	h.mu.Unlock()
	select {
	case <-r.done:
		return r.values, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p port) LogSumExp(ctx context.Context, local [][3]float64) ([3]float64, error) {
	all, err := exchange(ctx, p, local)
	total := logsum.Identity()
	for _, t := range all {
		total = logsum.Fold(total, t.([3]float64))
	}
	return total, err
}

func (p port) Gather(ctx context.Context, local [][]float64) ([][]float64, error) {
	sent := make([][]float64, len(local)) // as a ring would: the caller's memory is its own again
	for i, record := range local {
		sent[i] = slices.Clone(record)
	}
	all, err := exchange(ctx, p, sent)
	records := make([][]float64, len(all))
	for i, r := range all {
		records[i] = r.([]float64)
	}
	return records, err
}

// cut returns a batch as shards of the given sizes.
func cut(losses []float32, labels []int32, sizes []int) []Shard {
	shards := make([]Shard, len(sizes))
	at := 0
	for s, n := range sizes {
		shards[s] = Shard{Losses: losses[at : at+n], Q: make([]float32, n)}
		if labels != nil {
			shards[s].Labels = labels[at : at+n]
		}
		at += n
	}
	if at != len(losses) {
		panic(fmt.Sprintf("cut: %d of %d losses", at, len(losses)))
	}
	return shards
}

// even returns the sizes of n parts of rows, the larger ones first.
func even(rows, n int) []int {
	sizes := make([]int, n)
	for i := range sizes {
		sizes[i] = rows / n
		if i < rows%n {
			sizes[i]++
		}
	}
	return sizes
}

// weights multiplies out f_s·q_i.
func weights(shards []Shard, factors []float32) []float32 {
	var w []float32
	for s, sh := range shards {
		for _, q := range sh.Q {
			w = append(w, factors[s]*q)
		}
	}
	return w
}

// step weighs and commits in a lone process.
func step(t testing.TB, w Weighter, at At, shards []Shard) ([]float32, Outcome) {
	t.Helper()
	o, err := w.Weigh(t.Context(), at, shards, Solo{})
	if err != nil {
		t.Fatal(err)
	}
	weights := weights(shards, o.Factors)
	w.Commit(o)
	return weights, o
}

func sum(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += float64(v)
	}
	return s
}
