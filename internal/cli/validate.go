package cli

import (
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/train"
)

// Validate reports everything that is wrong with the settings at once, as a
// usage error. It looks at no file.
func (s Settings) Validate(who For) error {
	wrong := []error{s.Train.Validate()}
	bad := func(flag string, value any, want string) {
		wrong = append(wrong, fmt.Errorf("--%s %v: want %s", flag, value, want))
	}
	if s.NNodes < 0 {
		bad("nnodes", s.NNodes, "at least 0")
	}
	if s.EvalEvery < 0 {
		bad("eval-every", s.EvalEvery, "at least 0 (0 is at the end only)")
	}
	if s.StartTimeout <= 0 {
		bad("start-timeout", s.StartTimeout, "more than 0, as in 30s or 10m")
	}
	nodes, how := s.NNodes, fmt.Sprintf("--nnodes %d", s.NNodes)
	if who == ForLauncher {
		nodes, how = max(s.NNodes, 1)*s.NProc, fmt.Sprintf("--nproc-per-node %d", s.NProc)
		if s.NNodes > 1 {
			how = fmt.Sprintf("--nnodes %d --nproc-per-node %d", s.NNodes, s.NProc)
		}
	}
	if shards := s.Train.Shards; nodes > shards && shards > 0 {
		wrong = append(wrong, fmt.Errorf("%s: %d nodes cannot share --shards %d: want at most one node for each shard", how, nodes, shards))
	}
	if err := errors.Join(wrong...); err != nil {
		return &train.UsageError{Err: err}
	}
	return nil
}
