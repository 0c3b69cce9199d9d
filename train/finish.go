package train

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
)

// trained is the outcome of a run: the model file and what is said about it.
type trained struct {
	file    []byte
	summary Summary
}

// train takes all steps that are left, then evaluates and encodes the model.
// Every node ends with the same file; that they agree is checked.
func (s *session) train(ctx context.Context) (trained, error) {
	if err := s.run(ctx); err != nil {
		return trained{}, err
	}
	s.enter(evaluating)
	j := s.job
	file, err := encodeModel(j.arch, j.net, j.data.Prep)
	if err != nil {
		return trained{}, err
	}
	sum := digest(file)
	if err := s.agree(ctx, sum); err != nil {
		return trained{}, err
	}
	summary := Summary{
		ModelSHA256: sum, Method: j.cfg.Method,
		Steps: j.state.Step, Epochs: j.cfg.Epochs, SamplesSeen: j.state.SamplesSeen,
		Shards: j.cfg.Shards, Seed: j.cfg.Seed,
		SamplesPerSecond: j.pace.rate(),
		TrainLoss:        j.state.trainLoss(),
		Classes:          j.data.Classes, TrainCounts: j.data.Train.Counts(),
	}
	err = s.finalEvaluation(ctx, &summary)
	return trained{file, summary}, err
}

// agree gathers every shard's digest of the model: a node whose digest differs
// has computed something else, and then none of the models may be kept.
func (s *session) agree(ctx context.Context, sum string) error {
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return err
	}
	record := make([]float64, len(raw))
	for i, b := range raw {
		record[i] = float64(b)
	}
	local := make([][]float64, s.hi-s.lo)
	for i := range local {
		local[i] = record
	}
	all, err := s.collectives(s.job.state.Step).Gather(ctx, local)
	if err != nil {
		return err
	}
	for shard, other := range all {
		for i := range record {
			if other[i] != record[i] {
				return fmt.Errorf("train: the node of shard %d ended with another model than this one (%s): "+
					"a processor or its memory is faulty, or the programs differ", shard, sum)
			}
		}
	}
	return nil
}

// finalEvaluation fills the summary's figures on the test part, and on the
// validation part if there is one.
func (s *session) finalEvaluation(ctx context.Context, summary *Summary) error {
	j := s.job
	if j.data.Val.Len() > 0 {
		scores, err := s.scores(ctx, j.data.Val)
		if err != nil {
			return err
		}
		val := metrics.Of(scores, j.setup)
		summary.Val = &val
	}
	scores, err := s.scores(ctx, j.data.Test)
	if err != nil {
		return err
	}
	setup, groups := j.setup, j.data.Test.Groups()
	setup.Groups = rowsOf(groups)
	summary.Test, summary.TestGroups = metrics.Of(scores, setup), groupReports(scores, groups, setup)
	return nil
}

// evaluateEpoch tells the observers how the model does at the end of an epoch:
// on the validation part, or on the test part if no rows were set aside. It
// returns the balanced accuracy on the validation part, NaN without one: the
// test part chooses nothing.
func (s *session) evaluateEpoch(ctx context.Context) (score float64, err error) {
	s.enter(evaluating)
	set, name := s.job.data.Val, "val"
	if set.Len() == 0 {
		set, name = s.job.data.Test, "test"
	}
	scores, err := s.scores(ctx, set)
	if err != nil {
		return 0, err
	}
	setup := s.job.setup
	setup.Figures = []metrics.Metric{} // an epoch is told of in few words
	r := metrics.Of(scores, setup)
	if step := s.job.state.Step; step > s.job.evaluated {
		s.job.evaluated = step
		s.job.observe.Evaluated(Evaluation{Split: name, Step: step, Epoch: s.job.epoch(), Metrics: r})
	}
	if name != "val" {
		return math.NaN(), nil
	}
	return r.BalancedAccuracy, nil
}

// scores returns the logits of all rows of a set, on every node.
func (s *session) scores(ctx context.Context, set *dataset.Set) (metrics.Scores, error) {
	e := evaluator{
		classes: len(s.job.data.Classes), shards: s.job.cfg.Shards, lo: s.lo,
		replicas: s.replicas, crew: s.crew,
	}
	return e.scores(ctx, set, s.job.data.Features(), s.collectives(s.job.state.Step))
}
