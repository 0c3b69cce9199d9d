package cli

import (
	"context"
	"errors"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// train trains until the model is done, ctx has ended, or the node was asked to
// leave: by SIGTERM, or because its launcher is gone. Its error is
// [train.ErrDrained] after the one and [ErrOrphaned] after the other. On
// SIGQUIT it dumps what it is doing to its log, and goes on.
func (p *Program) train(ctx context.Context, s Settings, o train.Options, j journal, line lifeline) (train.Summary, error) {
	box := &blackBox{}
	defer p.dumpOnQuit(ctx, box, j, o.Secret)()
	ctx, l := newLeaving(ctx)
	defer l.cancel(nil)
	attended := make(chan struct{})
	go func() {
		defer close(attended)
		attend(ctx, l, p.draining(), line)
	}()
	o.Drain, o.Log = l.asked, j.Logger
	o.Observe = train.Tee(o.Observe, train.Tee(l.observer(), box.observer()))
	summary, err := p.untilEnd(ctx, s.Train, o)
	cause := context.Cause(ctx)
	left := l.left(ctx, err)
	l.cancel(nil)
	<-attended
	switch {
	case err == nil:
		return summary, nil
	case errors.Is(cause, ErrOrphaned), (left || cause != nil) && line.cutsOff():
		return summary, ErrOrphaned
	case left:
		return summary, train.ErrDrained
	case errors.Is(cause, ErrInterrupted):
		return summary, ErrInterrupted
	default:
		return summary, err
	}
}

// attend asks the node to leave when it has to, and ends its context when it
// has to end at once. It returns when the context has ended.
func attend(ctx context.Context, l *leaving, drain <-chan struct{}, line lifeline) {
	var late, alone <-chan time.Time
	for {
		select {
		case <-l.changed:
			alone = nil
			if d, ends := l.patience(); ends {
				alone = time.After(d)
			}
		case <-alone:
			l.cancel(l.why())
		case <-drain:
			drain = nil
			l.ask()
		case <-line.gone:
			line.gone = nil
			if line.outlives > 0 {
				l.orphan(line.outlives)
				continue
			}
			l.ask()
			late = time.After(orphanGrace)
		case <-late:
			l.cancel(ErrOrphaned)
		case <-line.stop:
			l.cancel(ErrInterrupted)
			return
		case <-ctx.Done():
			return
		}
	}
}

// untilEnd trains, and returns at the latest a moment after ctx has ended: what
// does not stop when it is told to ends with the process.
func (p *Program) untilEnd(ctx context.Context, cfg train.Config, o train.Options) (train.Summary, error) {
	type outcome struct {
		summary train.Summary
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		summary, err := p.Train(ctx, cfg, o)
		done <- outcome{summary, err}
	}()
	select {
	case out := <-done:
		return out.summary, out.err
	case <-ctx.Done():
	}
	late := time.NewTimer(grace(ctx))
	defer late.Stop()
	select {
	case out := <-done:
		return out.summary, out.err
	case <-late.C:
	case <-p.Force():
	}
	return train.Summary{}, context.Cause(ctx)
}
