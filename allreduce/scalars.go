package allreduce

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/logsum"
)

const triple = 3 * 8 // bytes of a shard's triple

// gathered is what Gather returns, kept for the next call.
type gathered struct {
	values []float64
	shards [][]float64
}

// LogSumExp folds the triples (max a, Σ e^{a-max}, count) of all S shards in
// shard order, starting from the identity (-Inf, 0, 0), and returns the same
// bits on every node. local has one triple for each shard of this node; an
// empty shard has the identity. NaN is carried through. It panics if local has
// another length.
func (s Step) LogSumExp(ctx context.Context, local [][3]float64) ([3]float64, error) {
	if err := s.BeginLogSumExp(ctx, local); err != nil {
		return [3]float64{}, err
	}
	return s.EndLogSumExp(ctx)
}

// BeginLogSumExp enters a LogSumExp and sends this node's triples on their way.
// It does not wait for other nodes, nor keep local. Poll and EndLogSumExp go
// on.
func (s Step) BeginLogSumExp(ctx context.Context, local [][3]float64) error {
	r := s.ring
	r.oneEach(len(local), PhaseLogSumExp)
	if err := r.begin(ctx, s.step, PhaseLogSumExp); err != nil {
		return err
	}
	g := &r.records
	g.begin()
	for _, t := range local {
		for _, v := range t {
			g.data[g.rank] = binary.NativeEndian.AppendUint64(g.data[g.rank], math.Float64bits(v))
		}
	}
	return r.orEnd(r.setOut(ctx))
}

// EndLogSumExp waits for the rest of the LogSumExp that was begun, and leaves
// it.
func (s Step) EndLogSumExp(ctx context.Context) ([3]float64, error) {
	r := s.ring
	r.needPhase(PhaseLogSumExp)
	defer r.end()
	if err := r.collect(ctx); err != nil {
		return [3]float64{}, err
	}
	total := logsum.Identity()
	for rank, b := range r.records.data {
		if err := r.wantBytes(rank, triple*r.hosted(rank)); err != nil {
			return [3]float64{}, err
		}
		for ; len(b) > 0; b = b[triple:] {
			total = logsum.Fold(total, [3]float64{float64At(b), float64At(b[8:]), float64At(b[16:])})
		}
	}
	return total, nil
}

// Gather returns the records of all S shards, in shard order, on every node.
// local has one record for each shard of this node; they may differ in length
// and be nil. The result is the ring's memory and valid until the next Gather.
// It panics if local has another length than this node has shards.
func (s Step) Gather(ctx context.Context, local [][]float64) ([][]float64, error) {
	if err := s.BeginGather(ctx, local); err != nil {
		return nil, err
	}
	return s.EndGather(ctx)
}

// BeginGather enters a Gather and sends this node's records on their way. It
// does not wait for other nodes, nor keep local. Poll and EndGather go on.
func (s Step) BeginGather(ctx context.Context, local [][]float64) error {
	r := s.ring
	r.oneEach(len(local), PhaseGather)
	if err := r.begin(ctx, s.step, PhaseGather); err != nil {
		return err
	}
	g := &r.records
	g.begin()
	g.data[g.rank] = appendRecords(g.data[g.rank], local)
	return r.orEnd(r.setOut(ctx))
}

// EndGather waits for the rest of the Gather that was begun, and leaves it.
func (s Step) EndGather(ctx context.Context) ([][]float64, error) {
	r := s.ring
	r.needPhase(PhaseGather)
	defer r.end()
	if err := r.collect(ctx); err != nil {
		return nil, err
	}
	r.gather.values, r.gather.shards = r.gather.values[:0], r.gather.shards[:0]
	for rank, b := range r.records.data {
		if err := r.gather.read(b, r.hosted(rank)); err != nil {
			return nil, r.blame(rank, fmt.Errorf("%w: its record: %v", ErrFrame, err))
		}
	}
	r.gather.cut()
	return r.gather.shards, nil
}

// oneEach panics if a call does not bring one item for each local shard.
func (r *Ring) oneEach(n int, phase Phase) {
	if want := r.hosted(r.t.Rank); n != want {
		panic(fmt.Sprintf("allreduce: %v of %d items on a node of %d shards", phase, n, want))
	}
}

// hosted returns the number of shards of a rank.
func (r *Ring) hosted(rank int) int { return r.t.Shards[rank+1] - r.t.Shards[rank] }

func (r *Ring) wantBytes(rank, n int) error {
	if got := len(r.records.data[rank]); got != n {
		return r.blame(rank, fmt.Errorf("%w: its record has %d bytes, want %d", ErrFrame, got, n))
	}
	return nil
}

func float64At(b []byte) float64 { return math.Float64frombits(binary.NativeEndian.Uint64(b)) }

// appendRecords appends the lengths of the shards' records, then their values.
func appendRecords(b []byte, local [][]float64) []byte {
	for _, rec := range local {
		b = binary.NativeEndian.AppendUint64(b, uint64(len(rec)))
	}
	for _, rec := range local {
		for _, v := range rec {
			b = binary.NativeEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b
}

// read appends one node's records. The slices in shards have the right
// lengths but point nowhere yet: values may still move.
func (g *gathered) read(b []byte, shards int) error {
	if len(b)%8 != 0 || len(b)/8 < shards {
		return fmt.Errorf("%d bytes for %d shards", len(b), shards)
	}
	lengths, b := b[:8*shards], b[8*shards:]
	left := uint64(len(b) / 8)
	for ; len(b) > 0; b = b[8:] {
		g.values = append(g.values, float64At(b))
	}
	for ; len(lengths) > 0; lengths = lengths[8:] {
		n := binary.NativeEndian.Uint64(lengths)
		if n > left {
			return fmt.Errorf("a shard announces %d values, %d are left", n, left)
		}
		left -= n
		g.shards = append(g.shards, g.values[:n])
	}
	if left > 0 {
		return fmt.Errorf("%d values left over", left)
	}
	return nil
}

// cut gives every shard its values.
func (g *gathered) cut() {
	rest := g.values
	for i, s := range g.shards {
		g.shards[i], rest = rest[:len(s):len(s)], rest[len(s):]
	}
}
