package bench

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// probe runs multiply-adds in registers for a while, in all processes at once,
// and returns the rate in GFLOP/s.
func (t task) probe(ctx context.Context, meet func(string) ([]string, error)) (float64, error) {
	if _, err := meet(""); err != nil {
		return 0, err
	}
	operations := 0
	start := time.Now()
	for time.Since(start) < t.Probe.Duration {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		operations += kernel.Peak(200_000)
	}
	return float64(operations) / float64(time.Since(start)), nil
}

// Probe returns what the processes reach together when all of them do nothing
// but multiply-adds in registers, in GFLOP/s. By how much two reach more than
// one is the most that two processes can gain on this machine at this moment.
func (c Crew) Probe(ctx context.Context, nodes int, d time.Duration) (float64, error) {
	results, err := c.do(ctx, nodes, task{Probe: &ProbeTask{Duration: d}})
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, r := range results {
		var rate float64
		if err := json.Unmarshal(r, &rate); err != nil {
			return 0, err
		}
		sum += rate
	}
	return sum, nil
}
