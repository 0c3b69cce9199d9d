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
	// Fold sums the gradient in rings of so many nodes first, and then across
	// them; 0: in one ring.
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
	if v.Fold > 0 && n%v.Fold != 0 {
		return Result{}, fmt.Errorf("scaling: %d nodes do not divide into rings of %d", n, v.Fold)
	}
	s := &simulation{net: net, work: w, variant: v, n: n}
	s.part = make([]float32, max(w.Parameters, w.Statistics))
	all := numbers(n, func(r int) int { return r })
	var sizes allreduce.Sizes
	if v.Round {
		sizes.Chords = n + 1
	}
	s.whole = newSegment(net, "node", all, sizes)
	if v.Fold > 0 {
		for first := 0; first < n; first += v.Fold {
			s.inner = append(s.inner, newSegment(net, "inner", numbers(v.Fold, func(r int) int { return first + r }), noChords))
		}
		for column := range v.Fold {
			s.outer = append(s.outer, newSegment(net, "outer", numbers(n/v.Fold, func(r int) int { return column + r*v.Fold }), noChords))
		}
	}
	results, errs := make([]Result, n), make([]error, n)
	var wg sync.WaitGroup
	for rank := range n {
		wg.Go(func() { results[rank], errs[rank] = s.node(ctx, rank, steps) })
	}
	wg.Wait()
	return results[0], errors.Join(errs...)
}

// simulation is what the nodes share.
type simulation struct {
	net     Network
	work    Workload
	variant Variant
	n       int
	part    []float32 // every shard's gradient; nobody writes it
	whole   *segment
	inner   []*segment // by rank / Fold
	outer   []*segment // by rank % Fold
}

// noChords is for rings that only sum.
var noChords = allreduce.Sizes{Chords: 1 << 20}

// node is one node: it forms its rings and takes the steps.
func (s *simulation) node(ctx context.Context, rank, steps int) (r Result, err error) {
	var rings [3]*allreduce.Ring
	segments := [3]*segment{s.whole}
	if f := s.variant.Fold; f > 0 {
		segments[1], segments[2] = s.inner[rank/f], s.outer[rank%f]
	}
	for i, segment := range segments {
		if segment == nil {
			continue
		}
		if rings[i], err = segment.form(ctx, rank); err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, rings[i].Close()) }()
	}
	dst := make([]float32, s.work.Parameters)
	for step := range steps {
		if r, err = s.step(ctx, step, rings, dst); err != nil {
			return r, err
		}
	}
	return r, nil
}

// step is train's step: what it computes is a pause, what it sends is sent.
func (s *simulation) step(ctx context.Context, step int, rings [3]*allreduce.Ring, dst []float32) (r Result, err error) {
	r.Nodes = s.n
	start := time.Now()
	at := rings[0].At(uint64(step))
	time.Sleep(s.work.Forward)
	if s.variant.Overlap {
		r, err = s.overlapped(ctx, at, dst)
	} else {
		r, err = s.sequential(ctx, step, rings, dst)
	}
	if err == nil && s.work.Statistics > 0 {
		var statistics time.Duration
		statistics, err = taking(func() error {
			return at.Sum(ctx, dst[:s.work.Statistics], [][]float32{s.part[:s.work.Statistics]}, []float32{1})
		})
		r.Sum += statistics
	}
	time.Sleep(s.work.Rest)
	r.Nodes, r.Step = s.n, time.Since(start)
	return r, err
}

// sequential waits for each collective where it stands.
func (s *simulation) sequential(ctx context.Context, step int, rings [3]*allreduce.Ring, dst []float32) (r Result, err error) {
	at := rings[0].At(uint64(step))
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
	r.Sum, err = taking(func() error { return s.sum(ctx, step, rings, dst) })
	return r, err
}

// figures are a shard's part of the report.
var figures = [][]float64{make([]float64, 4)}

// sum sums the gradient. In two levels, a node first gets the sum of its ring
// and then of its share of the vector across the rings. The order of the phases
// is not that of a program, which would spread the shares last, but the frames,
// and so the time, are the same.
func (s *simulation) sum(ctx context.Context, step int, rings [3]*allreduce.Ring, dst []float32) error {
	part := s.part[:len(dst)]
	if s.variant.Fold == 0 {
		return rings[0].At(uint64(step)).Sum(ctx, dst, [][]float32{part}, []float32{1})
	}
	if err := rings[1].At(uint64(step)).Sum(ctx, dst, [][]float32{part}, []float32{1}); err != nil {
		return err
	}
	share := (len(dst) + s.variant.Fold - 1) / s.variant.Fold
	return rings[2].At(uint64(step)).Sum(ctx, dst[:share], [][]float32{part[:share]}, []float32{1})
}

func taking(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}

// segment is a ring of some of the nodes.
type segment struct {
	mem    *allreduce.Mem
	top    allreduce.Topology
	places map[int]int // rank in the ring, by node
}

func newSegment(net Network, name string, nodes []int, sizes allreduce.Sizes) *segment {
	s := &segment{mem: allreduce.NewMem(), places: make(map[int]int)}
	s.top = allreduce.Topology{Run: "scaling", Generation: 1, Shards: numbers(len(nodes)+1, func(r int) int { return r }), Sizes: sizes}
	for place, node := range nodes {
		s.top.Names = append(s.top.Names, fmt.Sprintf("%s-%d", name, node))
		s.places[node] = place
	}
	for place, from := range s.top.Names {
		for _, edge := range s.top.Edges() {
			to := s.top.Names[(place+edge.Stride)%len(nodes)]
			s.mem.Delay(from, to, net.Delay)
			s.mem.Rate(from, to, net.Rate)
		}
	}
	return s
}

func (s *segment) form(ctx context.Context, node int) (*allreduce.Ring, error) {
	top := s.top
	top.Rank = s.places[node]
	return allreduce.Form(ctx, s.mem, top)
}

func numbers(n int, f func(int) int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = f(i)
	}
	return x
}
