package train

import (
	"context"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// step takes one global batch from samples to a committed update. Everything
// up to the commit may fail or be cancelled without a trace: losses, weights,
// gradients and statistics lie in this node's scratch memory, and the state
// that the next step reads changes only in the last lines, which are local,
// quick and refuse nothing but a gradient that is not finite, on all nodes
// alike.
func (s *session) step(ctx context.Context, b *dataset.Batch) (StepDone, error) {
	at := optimizer.At{Step: b.Step, Steps: s.job.plan.TotalSteps()}
	ring := s.collectives(b.Step)

	s.enter(forward)
	s.losses(b)

	s.enter(normalizer)
	if err := s.exchange.begin(ctx, b, at, ring); err != nil {
		return s.refuse(b, err)
	}

	s.enter(backward)
	s.backward() // while the normaliser is under way, and the gradients behind it

	s.enter(normalizer)
	weights, err := s.exchange.weights()
	if err != nil {
		return s.refuse(b, err)
	}

	s.enter(reducing)
	done, err := s.exchange.sum()
	if err != nil {
		return StepDone{}, s.blame(b, err)
	}
	if err := s.sumStatistics(ctx, ring, b); err != nil {
		return StepDone{}, s.blame(b, err)
	}

	s.enter(committing)
	update := s.job.opt.Step(s.job.net.Params(), s.gradient, at)
	if update.Skipped {
		return s.refuse(b, s.notFinite())
	}
	s.job.net.Blend(s.statistics)
	s.job.weigher.Commit(weights)
	s.job.state.advance(b, done)
	return s.complete(done, update), nil
}
