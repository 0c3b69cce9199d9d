package scaling

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
)

// Network is what lies between two nodes.
type Network struct {
	Name  string
	Delay time.Duration // from one node to the next
	Rate  float64       // of a node's edge, bytes a second
}

// Networks are those of the tables.
var Networks = []Network{
	{"10 GbE (1.25 GB/s, 30 µs)", 30 * time.Microsecond, 1.25e9},
	{"WAN (100 Mbit/s, 20 ms)", 20 * time.Millisecond, 12.5e6},
}

// Workload is a step of one shard on one node.
type Workload struct {
	Name       string
	Rows       int // samples of the shard
	Parameters int
	Statistics int // of batch norm, summed apart
	Forward    time.Duration
	Backward   time.Duration
	Rest       time.Duration // optimizer, and what a sum costs a node alone
	Layers     []Layer       // of the backward pass, the first layer first
}

// Layer is a layer of the backward pass.
type Layer struct {
	Parameters int
	Work       float64 // multiply-adds of its backward pass, a sample
}

// Compute is the time of a step on a node of its own.
func (w Workload) Compute() time.Duration { return w.Forward + w.Backward + w.Rest }

// Variant is a way to send what a step sends. The zero value is the program's
// with --overlap=false.
type Variant struct {
	// Round has the small messages go round the ring however many nodes there
	// are: N-1 hops instead of ⌈log2 N⌉ rounds over chords.
	Round bool
	// Fold is the program's --fold: the gradient is summed in so many groups of
	// nodes first, and then across them; 0: in one ring.
	Fold int
	// Overlap has the collectives go on between the layers of the backward pass.
	Overlap bool
}

// Result is where the time of a step goes, on the first node.
type Result struct {
	Nodes      int
	Step       time.Duration
	Normaliser time.Duration // waiting
	Sum        time.Duration // of gradient and statistics
	Report     time.Duration
}

// Exposed is the time of a step in which a node only waits for others.
func (r Result) Exposed() time.Duration { return r.Normaliser + r.Sum + r.Report }

// Efficiency is the rate of samples by that of so many nodes with nothing to
// say to each other.
func (r Result) Efficiency(w Workload) float64 { return float64(w.Compute()) / float64(r.Step) }

// Simulate takes steps on n nodes with one shard each and returns the times of
// the last one. It belongs in a bubble of testing/synctest: elsewhere it takes
// as long as it says. Memory is 4 bytes a parameter and node.
func Simulate(ctx context.Context, net Network, w Workload, v Variant, n, steps int) (Result, error) {
	s := &simulation{work: w, variant: v, mem: allreduce.NewMem(), top: topology(v, n)}
	if err := s.top.Validate(); err != nil {
		return Result{}, fmt.Errorf("scaling: %w", err)
	}
	s.part = make([]float32, max(w.Parameters, w.Statistics))
	for _, e := range s.edges() {
		s.mem.Delay(e[0], e[1], net.Delay)
		s.mem.Rate(e[0], e[1], net.Rate)
	}
	results, errs := make([]Result, n), make([]error, n)
	var wg sync.WaitGroup
	for rank := range n {
		wg.Go(func() { results[rank], errs[rank] = s.node(ctx, rank, steps) })
	}
	wg.Wait()
	return results[0], errors.Join(errs...)
}

// topology is the ring of n nodes with a shard each.
func topology(v Variant, n int) allreduce.Topology {
	t := allreduce.Topology{Run: "scaling", Generation: 1, Shards: []int{0}, Groups: v.Fold}
	if v.Round {
		t.Sizes.Chords = n + 1
	}
	for r := range n {
		t.Names = append(t.Names, fmt.Sprintf("node-%d", r))
		t.Shards = append(t.Shards, r+1)
	}
	return t
}

// simulation is what the nodes share.
type simulation struct {
	work    Workload
	variant Variant
	part    []float32 // every shard's gradient; nobody writes it
	mem     *allreduce.Mem
	top     allreduce.Topology // of the first node
}

// edges returns the names of the nodes of every edge, the sender's first.
func (s *simulation) edges() (all [][2]string) {
	for rank, name := range s.top.Names {
		t := s.top
		t.Rank = rank
		for _, e := range t.Edges() {
			t.Level, t.Stride = e.Level, e.Stride
			all = append(all, [2]string{name, t.Names[t.Next()]})
		}
	}
	return all
}

// node is one node: it forms its ring and takes the steps.
func (s *simulation) node(ctx context.Context, rank, steps int) (r Result, err error) {
	t := s.top
	t.Rank = rank
	ring, err := allreduce.Form(ctx, s.mem, t)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	dst := make([]float32, s.work.Parameters)
	for step := range steps {
		if r, err = s.step(ctx, ring.At(uint64(step)), dst); err != nil {
			return r, err
		}
	}
	return r, nil
}

// step is train's step: what it computes is a pause, what it sends is sent.
func (s *simulation) step(ctx context.Context, at allreduce.Step, dst []float32) (r Result, err error) {
	start := time.Now()
	time.Sleep(s.work.Forward)
	if s.variant.Overlap {
		r, err = s.overlapped(ctx, at, dst)
	} else {
		r, err = s.sequential(ctx, at, dst)
	}
	if err == nil && s.work.Statistics > 0 {
		var statistics time.Duration
		statistics, err = taking(func() error { return s.sum(ctx, at, dst[:s.work.Statistics]) })
		r.Sum += statistics
	}
	time.Sleep(s.work.Rest)
	r.Nodes, r.Step = s.top.Nodes(), time.Since(start)
	return r, err
}

// sequential waits for each collective where it stands.
func (s *simulation) sequential(ctx context.Context, at allreduce.Step, dst []float32) (r Result, err error) {
	r.Normaliser, err = taking(func() error {
		_, err := at.LogSumExp(ctx, make([][3]float64, 1))
		return err
	})
	if err != nil {
		return r, err
	}
	r.Report, err = taking(func() error {
		_, err := at.Gather(ctx, figures)
		return err
	})
	if err != nil {
		return r, err
	}
	time.Sleep(s.work.Backward)
	r.Sum, err = taking(func() error { return s.sum(ctx, at, dst) })
	return r, err
}

// figures are a shard's part of the report.
var figures = [][]float64{make([]float64, 4)}

// sum sums what every node has alike.
func (s *simulation) sum(ctx context.Context, at allreduce.Step, dst []float32) error {
	return at.Sum(ctx, dst, [][]float32{s.part[:len(dst)]}, []float32{1})
}

func taking(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}
