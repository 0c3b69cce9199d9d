package train

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// exchange is what the nodes tell each other in a step: the normaliser of the
// weights, the figures of the report, the gradient; one collective after the
// other. Each sets out as soon as what it carries is known, and goes on between
// two layers of the backward pass: the gradient of the last layers is on the
// ring while that of the first is still computed. What is left when the pass has
// ended is waited for. When a thing happens changes no bit of it.
type exchange struct {
	s       *session
	overlap bool // else nothing is under way during the backward pass

	ctx   context.Context // of the step under way
	at    optimizer.At
	batch *dataset.Batch
	ring  *allreduce.Step
	final []atomic.Int64 // by local shard: its gradient is final from here on

	mu    sync.Mutex // held by whoever goes on with the collectives
	stage stage
	err   error // ends the exchange
	out   optimizer.Outcome
	done  StepDone
}

// stage is the collective under way.
type stage int

const (
	nothing stage = iota
	weighing
	reporting
	summing
)

func newExchange(s *session) *exchange {
	return &exchange{s: s, overlap: !s.job.plain, final: make([]atomic.Int64, len(s.replicas))}
}

// begin fills every local q, and sets out with the normaliser. Weights whose q
// depends on the whole batch are waited for.
func (x *exchange) begin(ctx context.Context, b *dataset.Batch, at optimizer.At, ring *allreduce.Step) error {
	x.ctx, x.batch, x.at, x.ring = ctx, b, at, ring
	x.stage, x.err, x.s.asked = nothing, nil, false
	for i := range x.final {
		x.final[i].Store(int64(len(x.s.gradient)))
	}
	w, eager := x.s.job.weigher.(optimizer.Eager)
	if eager && x.overlap {
		if triples, ok := w.Prepare(at, x.s.weighed); ok {
			x.stage = weighing
			return ring.BeginLogSumExp(ctx, triples)
		}
	}
	out, err := x.s.job.weigher.Weigh(ctx, at, x.s.weighed, ring)
	if err != nil {
		return err
	}
	return x.weighed(out)
}

// layer notes that the gradient of a local shard is final from an index on, and
// goes on with what is under way, unless another shard's goroutine is at it.
func (x *exchange) layer(shard, from int) {
	x.final[shard].Store(int64(from))
	x.s.flight.beat()
	if !x.overlap || !x.mu.TryLock() {
		return
	}
	defer x.mu.Unlock()
	if x.err == nil {
		x.err = x.advance()
	}
}

// advance goes on as far as that is possible without waiting.
func (x *exchange) advance() error {
	for x.stage < summing {
		if complete, err := x.ring.Poll(x.ctx); err != nil || !complete {
			return err
		}
		if err := x.next(); err != nil {
			return err
		}
	}
	return x.ring.Final(x.ctx, x.finalFrom())
}

// finalFrom returns the index from which on all local gradients are final.
func (x *exchange) finalFrom() int {
	from := 0
	for i := range x.final {
		from = max(from, int(x.final[i].Load()))
	}
	return from
}

// next waits for the end of the collective under way, and sets out with the one
// behind it.
func (x *exchange) next() error {
	switch x.stage {
	case weighing:
		total, err := x.ring.EndLogSumExp(x.ctx)
		if err != nil {
			return fmt.Errorf("normaliser: %w", err)
		}
		x.stage = nothing
		out, err := x.s.job.weigher.(optimizer.Eager).Settle(x.ctx, x.at, x.s.weighed, total, x.ring)
		if err != nil {
			return err
		}
		return x.weighed(out)
	case reporting:
		x.stage = nothing
		all, err := x.ring.EndGather(x.ctx)
		if err != nil {
			return err
		}
		if err := x.s.sameRows(all); err != nil {
			return err
		}
		x.done, x.s.asked = x.s.report(all, x.batch, x.out), asks(all)
		if err = x.ring.BeginSum(x.ctx, x.s.gradient, x.s.gradients, x.out.Factors); err == nil {
			x.stage = summing // or there is no Sum to end
		}
		return err
	}
	panic("train: nothing is under way")
}

// weighed takes the weights, and sets out with the report.
func (x *exchange) weighed(out optimizer.Outcome) error {
	x.out = out
	for i := range x.s.records {
		x.s.record(i, out)
	}
	x.stage = reporting
	if err := x.ring.BeginGather(x.ctx, x.s.records); err != nil || x.overlap {
		return err
	}
	return x.next()
}

// weights waits for the weights of the global batch.
func (x *exchange) weights() (optimizer.Outcome, error) {
	for x.err == nil && x.stage == weighing {
		x.err = x.next()
	}
	return x.out, x.leave()
}

// sum waits for the gradient of the global batch, and for the report.
func (x *exchange) sum() (StepDone, error) {
	for x.err == nil && x.stage < summing {
		x.err = x.next()
	}
	if x.err == nil {
		x.stage = nothing
		x.err = x.ring.EndSum(x.ctx)
	}
	return x.done, x.leave()
}

// leave returns the exchange's error, if any; what was begun is ended then.
func (x *exchange) leave() error {
	if x.err != nil && x.stage == summing {
		x.stage = nothing
		x.ring.EndSum(x.ctx)
	}
	return x.err
}
