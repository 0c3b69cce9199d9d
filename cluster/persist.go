package cluster

import (
	"context"
	"errors"
	"time"
)

// persist calls f, each time with callTimeout, until it succeeds, ctx ends,
// patience is over, or the error proves that the process called is gone; it
// returns the last error.
func persist(ctx context.Context, patience time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := range backoff() {
		attempt, cancel := context.WithTimeout(ctx, callTimeout)
		err := f(attempt)
		cancel()
		if err == nil || errors.Is(err, ErrRefused) || errors.Is(err, errReplaced) || !wait(ctx, pause) {
			return err
		}
	}
	panic("cluster: unreachable")
}

// The pauses between tries: short at first, since all nodes usually start
// together, and never long, so that whoever comes last is found at once. A try
// costs one refused connection.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 150 * time.Millisecond
)

// backoff yields the pauses between tries, for ever.
func backoff() func(yield func(time.Duration) bool) {
	return func(yield func(time.Duration) bool) {
		for pause := firstPause; yield(pause); {
			pause = min(pause*3/2, lastPause)
		}
	}
}

// wait waits for d. It reports false if ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
