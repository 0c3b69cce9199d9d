package train

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// Rehearse takes all steps of a run and nothing but these: on data of the
// caller's, and on a ring that the caller has formed by t. There is no
// membership, the nodes' states are not compared, nothing is evaluated or
// written. It is for benchmarks: what a step costs, and against it what all the
// rest does. cfg.Data is not looked at; o may be empty.
func Rehearse(ctx context.Context, cfg Config, data *dataset.Data, ring *allreduce.Ring, t allreduce.Topology, o Observer) error {
	if err := cfg.Validate(); err != nil {
		return usage(err)
	}
	if t.Groups != cfg.Fold {
		return usage(fmt.Errorf("--fold %d: the ring sums in %d groups", cfg.Fold, t.Groups))
	}
	j, err := newJob(cfg, data)
	if err != nil {
		return usage(err)
	}
	j.observe = Tee(o, Observer{})
	lo, hi := t.Shards[t.Rank], t.Shards[t.Rank+1]
	s := newSession(j, ring, lo, hi)
	defer s.close()
	s.bounds, s.names, s.rank = t.Shards, t.Names, t.Rank
	loader := dataset.NewLoader(data.Train, j.plan, j.cfg.Shards, lo, hi, 0)
	defer loader.Close()
	for range j.plan.TotalSteps() {
		_, done, err := s.stepFrom(ctx, loader)
		if err != nil {
			return err
		}
		j.committed(done)
	}
	return nil
}
