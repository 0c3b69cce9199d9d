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
	if s.Quorum < 0 {
		bad("quorum", s.Quorum, "at least 0 (0 is more than half of the nodes)")
	}
	if s.MaxRestarts < 0 {
		bad("max-restarts", s.MaxRestarts, "at least 0")
	}
	if s.KeepCheckpoints < 1 {
		bad("keep-checkpoints", s.KeepCheckpoints, "at least 1 (--checkpoint-every -1 writes none)")
	}
	if s.EvalEvery < 0 {
		bad("eval-every", s.EvalEvery, "at least 0 (0 is at the end only)")
	}
	if s.InMemory < 1 || s.InMemory > 1<<30 {
		bad("in-memory", s.InMemory, "a number of MiB of at least 1")
	}
	if s.StartTimeout <= 0 {
		bad("start-timeout", s.StartTimeout, "more than 0, as in 30s or 10m")
	}
	if s.Resume == "auto" && s.Out == "" {
		wrong = append(wrong, errors.New("--resume auto: --out is missing: the directory of the run that is to go on"))
	}
	if s.DataFrom == "peers" && s.Train.Stream > 0 {
		wrong = append(wrong, errors.New("--data-from peers does not go with --stream: its files are not all there yet"))
	}
	wrong = append(wrong, s.share(who))
	if err := errors.Join(wrong...); err != nil {
		return &train.UsageError{Err: err}
	}
	return nil
}

// share refuses to start with more nodes than there are shards. Later ones
// wait for a shard.
func (s Settings) share(who For) error {
	nodes, how := s.NNodes.Min, fmt.Sprintf("--nnodes %v", s.NNodes)
	if who == ForLauncher {
		nodes, how = max(s.NNodes.Min, 1)*s.NProc, fmt.Sprintf("--nproc-per-node %d", s.NProc)
		if s.NNodes.Min > 1 {
			how = fmt.Sprintf("--nnodes %v --nproc-per-node %d", s.NNodes, s.NProc)
		}
	}
	if shards := s.Train.Shards; nodes > shards && shards > 0 {
		return fmt.Errorf("%s: %d nodes cannot share --shards %d: want at most one node for each shard", how, nodes, shards)
	}
	return nil
}
