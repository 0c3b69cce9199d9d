package train

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/kernel"
	"github.com/ballast-ml/ballast/optimizer"
)

// NumericError says that a step came to a number that is not finite. Every
// node comes to it in the same step.
type NumericError struct {
	Step int // from 1
	What string
}

// Error says where, and what to do about it.
func (e *NumericError) Error() string {
	return fmt.Sprintf("step %d: %s: lower --lr, set --clip, or pass over such steps with --on-nan skip", e.Step, e.What)
}

// refuse ends a step that cannot be committed. A number that is not finite
// stops the run or, if so asked, leaves the step out: only the position moves.
func (s *session) refuse(b *dataset.Batch, err error) (StepDone, error) {
	err = s.blame(b, err)
	numeric, ok := errors.AsType[*NumericError](err)
	if !ok || s.job.cfg.OnNaN != "skip" {
		return StepDone{}, err
	}
	done := s.stepDone(b)
	done.Skipped = numeric.What
	s.job.state.skip(b)
	done.SamplesSeen = s.job.state.SamplesSeen
	done.Phases = s.clock.phases()
	return done, nil
}

// blame adds the place to an error of the step.
func (s *session) blame(b *dataset.Batch, err error) error {
	if bad, ok := errors.AsType[*optimizer.NonFiniteError](err); ok {
		return &NumericError{b.Step + 1, s.describeRow(b, bad)}
	}
	if numeric, ok := errors.AsType[*NumericError](err); ok {
		numeric.Step = b.Step + 1
		return numeric
	}
	if _, ok := errors.AsType[*allreduce.PeerError](err); ok {
		return err // it names the step and the phase itself
	}
	return fmt.Errorf("step %d, %s: %w", b.Step+1, s.clock.current, err)
}

// describeRow names the row whose loss is not finite.
func (s *session) describeRow(b *dataset.Batch, bad *optimizer.NonFiniteError) string {
	plan, set := s.job.plan, s.job.data.Train
	if plan.Open {
		return fmt.Sprintf("the loss of training row %d of the stream is %v", s.job.state.SamplesSeen+int64(bad.Row), bad.Loss)
	}
	order := make([]int32, plan.Rows)
	plan.Order(order, b.Epoch)
	_, first, _ := plan.At(b.Step)
	row := int(order[first+bad.Row])
	return fmt.Sprintf("the loss of row %d (class %s) is %v", set.ID(row), s.job.data.Classes[set.Label(row)], bad.Loss)
}

// notFinite names the tensors whose gradient is not finite.
func (s *session) notFinite() error {
	var where []string
	for _, t := range s.job.net.Tensors() {
		if t.Running {
			continue
		}
		sum := kernel.SumSquares(s.gradient[t.Offset : t.Offset+len(t.Data)])
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			where = append(where, t.Name)
		}
	}
	return &NumericError{What: "the gradient of " + strings.Join(where, ", ") + " is not finite"}
}
