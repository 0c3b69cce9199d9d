package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
)

// RingResult is the cost of one sum over the ring.
type RingResult struct {
	Transport string  `json:"transport"`
	Nodes     int     `json:"nodes"`
	Bytes     int     `json:"bytes"`
	Calls     int     `json:"calls"`
	Micros    float64 `json:"us"`      // median
	Best      float64 `json:"us_best"` // shortest
	CPU       float64 `json:"us_cpu"`  // processor time of one process, mean
	AlgBW     float64 `json:"algbw"`   // GB/s, of the median
	BusBW     float64 `json:"busbw"`   // GB/s
}

// RingSizes are the sizes of the ring's table, in bytes.
var RingSizes = []int{8, 4 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20}

// Ring measures sums over a ring of processes, one shard each.
func (c Crew) Ring(ctx context.Context, nodes int, t RingTask) ([]RingResult, error) {
	results, err := c.do(ctx, nodes, task{Ring: &t})
	if err != nil {
		return nil, fmt.Errorf("ring of %d over %s: %w", nodes, t.Transport, err)
	}
	var rows []RingResult
	return rows, json.Unmarshal(results[0], &rows)
}

func (t task) ring(ctx context.Context, meet func(string) ([]string, error)) (results []RingResult, err error) {
	ring, _, leave, err := t.form(ctx, t.Ring.Transport, t.Nodes, meet)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := leave(); err == nil {
			err = closing
		}
	}()
	for _, size := range t.Ring.Sizes {
		r, err := t.sums(ctx, ring, size)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// form meets the other processes and makes the ring, of shards spread as
// evenly as they can be.
func (t task) form(ctx context.Context, transport string, shards int, meet func(string) ([]string, error)) (*allreduce.Ring, allreduce.Topology, func() error, error) {
	top := allreduce.Topology{Run: "bench", Generation: 1, Rank: t.Rank, Shards: []int{0}}
	e, err := open(ctx, transport)
	if err != nil {
		return nil, top, nil, err
	}
	top.Addrs, err = meet(e.addr)
	for r := range t.Nodes {
		top.Names = append(top.Names, fmt.Sprintf("process-%d", r))
		top.Shards = append(top.Shards, (r+1)*shards/t.Nodes)
	}
	var ring *allreduce.Ring
	if err == nil {
		ring, err = allreduce.Form(ctx, e, top)
	}
	if err != nil {
		e.close()
		return nil, top, nil, err
	}
	return ring, top, func() error {
		// That the others are gone already is no loss: all is measured. But no
		// port closes before the last words of every ring are read.
		_ = ring.Close()
		_, _ = meet("")
		return e.close()
	}, nil
}

// sums times the sum of vectors of one size. The first process decides how
// many there are, by the time that a few take.
func (t task) sums(ctx context.Context, ring *allreduce.Ring, size int) (RingResult, error) {
	const warm, least, most = 3, 5, 20_000
	result := RingResult{Transport: t.Ring.Transport, Nodes: t.Nodes, Bytes: size}
	// In place, as a node with one shard sums its gradient (and gloo anything).
	// The factor keeps the values from growing: each sum is the mean.
	v := ring.Alloc(size / 4)
	for i := range v {
		v[i] = float32(t.Rank + 1)
	}
	parts, factors := [][]float32{v}, []float32{1 / float32(t.Nodes)}
	step := uint64(0)
	sum := func() error {
		step++
		return ring.At(step).Sum(ctx, v, parts, factors)
	}
	start := time.Now()
	for range warm {
		if err := sum(); err != nil {
			return result, err
		}
	}
	if mean := float64(t.Nodes+1) / 2; slices.ContainsFunc(v, func(v float32) bool { return math.Abs(float64(v)-mean) > 1e-5 }) {
		return result, fmt.Errorf("the sum of %d bytes over %s is wrong", size, t.Ring.Transport)
	}
	calls := max(least, min(most, int(warm*t.Ring.PerSize/max(1, time.Since(start)))))
	calls, err := agree(ctx, ring, step+1, calls)
	if err != nil {
		return result, err
	}
	step++
	times, cpu := make([]float64, calls), cpuTime()
	for i := range times {
		start := time.Now()
		if err := sum(); err != nil {
			return result, err
		}
		times[i] = time.Since(start).Seconds() * 1e6
	}
	result.CPU = (cpuTime() - cpu).Seconds() * 1e6 / float64(calls)
	result.Calls, result.Micros, result.Best = calls, Median(times), slices.Min(times)
	result.AlgBW = float64(size) / result.Micros / 1e3
	result.BusBW = result.AlgBW * 2 * float64(t.Nodes-1) / float64(t.Nodes)
	return result, nil
}

// agree returns the first process's number on all of them.
func agree(ctx context.Context, ring *allreduce.Ring, step uint64, n int) (int, error) {
	b, err := ring.At(step).Broadcast(ctx, 0, binary.LittleEndian.AppendUint64(nil, uint64(n)))
	if err != nil {
		return 0, err
	}
	return int(binary.LittleEndian.Uint64(b)), nil
}
