package cli

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ballast-ml/ballast/internal/bubble"
	"github.com/ballast-ml/ballast/train"
)

// ways is how a stand-in for training behaves when it is told to end.
type ways struct {
	ring     bool // it is on a ring
	lost     bool // which it loses when it is asked to leave
	next     bool // but for which another one comes
	loses    bool // in an hour
	leaves   bool // at the next step boundary, when it is asked to
	stubborn bool // it does not listen to its context
	err      error
	outlives time.Duration // its launcher
}

func (w ways) train(ctx context.Context, _ train.Config, o train.Options) (train.Summary, error) {
	if w.ring {
		o.Observe.RingFormed(train.RingFormed{Names: []string{"a", "b"}})
	}
	if w.err != nil {
		return train.Summary{}, w.err
	}
	if w.loses {
		time.Sleep(time.Hour)
		o.Observe.RingLost(train.RingLost{})
	}
	select {
	case <-o.Drain:
		if w.leaves {
			return train.Summary{}, errors.Join(train.ErrDrained, nil)
		}
		if w.lost {
			o.Observe.RingLost(train.RingLost{})
		}
		if w.next {
			time.Sleep(ringGrace / 2)
			o.Observe.RingFormed(train.RingFormed{})
			time.Sleep(ringGrace)
			return train.Summary{}, train.ErrDrained
		}
	case <-ctx.Done():
	}
	if w.stubborn {
		time.Sleep(time.Minute)
	}
	<-ctx.Done()
	return train.Summary{}, context.Cause(ctx)
}

// TestEndOfTraining: each way to be told to end has its error, within its time.
func TestEndOfTraining(t *testing.T) {
	own := errors.New("own")
	for _, tt := range []struct {
		name string
		ways ways
		told string // what happens to it: term, gone, stop, int, or nothing
		want error
		took time.Duration
	}{
		{"its own error", ways{ring: true, err: own}, "", own, 0},
		{"SIGTERM on a ring", ways{ring: true, leaves: true}, "term", train.ErrDrained, 0},
		{"SIGTERM without a ring", ways{}, "term", train.ErrDrained, 0},
		{"SIGTERM, and the ring is lost", ways{ring: true, lost: true}, "term", train.ErrDrained, ringGrace},
		{"SIGTERM, and the ring is lost, but another comes", ways{ring: true, lost: true, next: true}, "term", train.ErrDrained, ringGrace/2 + ringGrace},
		{"SIGTERM without a ring, stubborn", ways{stubborn: true}, "term", train.ErrDrained, leaveGrace},
		{"the launcher is gone", ways{ring: true, leaves: true}, "gone", ErrOrphaned, 0},
		{"the launcher is gone, no ring", ways{}, "gone", ErrOrphaned, 0},
		{"the launcher is gone, a long step", ways{ring: true}, "gone", ErrOrphaned, orphanGrace},
		{"the launcher is gone, stubborn", ways{ring: true, stubborn: true}, "gone", ErrOrphaned, orphanGrace + Grace},
		{"the launcher is gone, SIGTERM first", ways{ring: true, leaves: true}, "term gone", ErrOrphaned, 0},
		{"the launcher elsewhere is gone, no ring", ways{outlives: time.Hour}, "gone", ErrOrphaned, time.Hour},
		{"the launcher elsewhere is gone, then SIGTERM", ways{ring: true, leaves: true, outlives: time.Hour}, "gone term", train.ErrDrained, time.Minute},
		{"the launcher elsewhere is gone, then a lost ring", ways{ring: true, loses: true, outlives: time.Hour}, "gone", ErrOrphaned, 2 * time.Hour},
		{"the launcher says stop", ways{ring: true}, "stop", ErrInterrupted, 0},
		{"the launcher says stop, stubborn", ways{ring: true, stubborn: true}, "stop", ErrInterrupted, Grace},
		{"Ctrl-C", ways{ring: true}, "int", ErrInterrupted, 0},
		{"SIGTERM, then Ctrl-C", ways{ring: true}, "term int", ErrInterrupted, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				ctx, interrupt := context.WithCancelCause(t.Context())
				stop, gone := make(chan struct{}), make(chan struct{})
				caught := &signals{}
				p := &Program{Train: tt.ways.train, signals: caught}
				p.draining()
				go func() {
					synctest.Wait()
					switch tt.told {
					case "term":
						close(caught.mu.drain)
					case "gone":
						close(gone)
					case "term gone":
						close(caught.mu.drain)
						close(gone)
					case "gone term":
						close(gone)
						time.Sleep(time.Minute)
						close(caught.mu.drain)
					case "stop":
						close(stop)
					case "int":
						interrupt(ErrInterrupted)
					case "term int":
						close(caught.mu.drain)
						synctest.Wait()
						interrupt(ErrInterrupted)
					}
				}()
				started := time.Now()
				_, err := p.train(ctx, DefaultSettings(), train.Options{}, journal{out: io.Discard}, lifeline{stop, gone, tt.ways.outlives})
				took := time.Since(started)
				if !errors.Is(err, tt.want) {
					t.Errorf("ended with %v, want %v", err, tt.want)
				}
				if extra := took - tt.took; extra < 0 || extra > lifelineDelay {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				time.Sleep(time.Hour) // for those who do not listen
			})
		})
	}
}
