package scaling

import (
	"context"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
)

// overlapped is the backward pass with the collectives going on between its
// layers, as train's exchange has them: the normaliser, the report, and the sum
// of what is final.
func (s *simulation) overlapped(ctx context.Context, at allreduce.Step, dst []float32) (r Result, err error) {
	o := overlap{s: s, at: at, dst: dst, final: len(dst)}
	if err := at.BeginLogSumExp(ctx, make([][3]float64, 1)); err != nil {
		return r, err
	}
	work := 0.0
	for _, l := range s.work.Layers {
		work += l.Work
	}
	for i := len(s.work.Layers) - 1; i >= 0; i-- {
		l := s.work.Layers[i]
		time.Sleep(time.Duration(float64(s.work.Backward) * l.Work / work))
		if o.final -= l.Parameters; i == 0 {
			o.final = 0
		}
		if err := o.advance(ctx); err != nil {
			return r, err
		}
	}
	for i, wait := range []*time.Duration{&r.Normaliser, &r.Report} {
		if o.stage == i {
			if *wait, err = taking(func() error { return o.next(ctx) }); err != nil {
				return r, err
			}
		}
	}
	r.Sum, err = taking(func() error { return at.EndSum(ctx) })
	return r, err
}

// overlap is how far the collectives of a step have come.
type overlap struct {
	s     *simulation
	at    allreduce.Step
	dst   []float32
	stage int // collectives that have ended: 0 the normaliser is under way, 1 the report, 2 the sum
	final int // the gradient is final from here on
}

// advance goes on as far as that is possible without waiting.
func (o *overlap) advance(ctx context.Context) error {
	for o.stage < 2 {
		if complete, err := o.at.Poll(ctx); err != nil || !complete {
			return err
		}
		if err := o.next(ctx); err != nil {
			return err
		}
	}
	return o.at.Final(ctx, o.final)
}

// next waits for the collective under way, and begins the one behind it.
func (o *overlap) next(ctx context.Context) error {
	o.stage++
	if o.stage == 1 {
		if _, err := o.at.EndLogSumExp(ctx); err != nil {
			return err
		}
		return o.at.BeginGather(ctx, figures)
	}
	if _, err := o.at.EndGather(ctx); err != nil {
		return err
	}
	return o.at.BeginSum(ctx, o.dst, [][]float32{o.s.part[:len(o.dst)]}, []float32{1})
}
