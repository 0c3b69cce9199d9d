package train

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
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
	if err := j.recount(); err != nil {
		return trained{}, err
	}
	net, err := s.adopt()
	if err != nil {
		return trained{}, err
	}
	summary := Summary{
		Method: j.cfg.Method, Ensemble: j.cfg.Ensemble, BestStep: j.state.Verdict.Step,
		Steps: j.state.Step, Epochs: j.cfg.Epochs, SamplesSeen: j.state.SamplesSeen,
		Shards: j.cfg.Shards, Seed: j.cfg.Seed,
		SamplesPerSecond: j.pace.rate(),
		TrainLoss:        j.state.trainLoss(),
		Classes:          j.data.Classes, TrainCounts: j.counts(),
	}
	readout, err := s.read(ctx, &summary)
	if err != nil {
		return trained{}, err
	}
	file, err := encodeModel(j.arch, net, j.data.Prep, readout)
	if err != nil {
		return trained{}, err
	}
	sum := digest(file)
	if err := s.agree(ctx, sum); err != nil {
		return trained{}, err
	}
	summary.ModelSHA256 = sum
	err = s.test(ctx, &summary, readout)
	return trained{file, summary}, err
}

// adopt has the replicas of this session evaluate what the run ends with.
func (s *session) adopt() (*model.Network, error) {
	net, err := s.job.result()
	if err == nil && net != s.job.net {
		for i := range s.replicas {
			s.replicas[i] = net.Replica()
		}
	}
	return net, err
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
	all, err := between{s}.Gather(ctx, local)
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

// read finds out how the model's logits are to be read, on the validation part
// if there is one, and fills the summary's figures of it.
func (s *session) read(ctx context.Context, summary *Summary) (Readout, error) {
	j := s.job
	val := metrics.Scores{Classes: len(j.data.Classes)}
	if j.data.Val.Len() > 0 {
		var err error
		if val, err = s.scores(ctx, j.data.Val); err != nil {
			return Readout{}, err
		}
	}
	readout, err := j.fitReadout(val)
	if err != nil || val.Len() == 0 {
		return readout, err
	}
	// The validation rows are as frequent as the training rows, whatever the
	// model is going to be used on.
	m := readout.measure(val, of(j.setup, j.data.Val), nil)
	summary.Val = &m
	return readout, nil
}

// test fills the summary's figures of the test part.
func (s *session) test(ctx context.Context, summary *Summary, readout Readout) error {
	scores, err := s.scores(ctx, s.job.data.Test)
	if err != nil {
		return err
	}
	setup, test := s.job.setup, s.job.data.Test
	summary.Test = readout.measure(scores, of(setup, test), readout.Use)
	summary.TestGroups = groupReports(scores, test.Groups(), setup, readout)
	return nil
}

// evaluateEpoch tells the observers how the model does at the end of an epoch:
// on the validation part, or on the test part if no rows were set aside. It
// returns the monitored figure on the validation part, so that more is better,
// and NaN without one: the test part chooses nothing.
func (s *session) evaluateEpoch(ctx context.Context) (score float64, err error) {
	s.enter(evaluating)
	j := s.job
	set, name := j.data.Val, "val"
	if set.Len() == 0 {
		set, name = j.data.Test, "test"
	}
	scores, err := s.scores(ctx, set)
	if err != nil {
		return 0, err
	}
	setup := of(j.setup, set)
	setup.Figures = []metrics.Metric{j.judge.by} // an epoch is told of in few words
	r := metrics.Of(scores, setup)
	if step := j.state.Step; step > j.evaluated {
		j.evaluated = step
		j.observe.Evaluated(Evaluation{Split: name, Step: step, Epoch: j.epoch(), Metrics: r})
	}
	if name != "val" {
		return math.NaN(), nil
	}
	score = j.judge.score(r)
	if j.judges(score) {
		// Every node has judged by the same figures: this is agreed, too.
		j.trust.agreed.take(j)
	}
	return score, nil
}

// scores returns the logits of all rows of a set, on every node.
func (s *session) scores(ctx context.Context, set *dataset.Set) (metrics.Scores, error) {
	e := evaluator{
		classes: len(s.job.data.Classes), shards: s.job.cfg.Shards, lo: s.lo,
		replicas: s.replicas, crew: s.crew, beat: s.flight.beat,
	}
	return e.scores(ctx, set, s.job.data.Features(), between{s})
}

// between is an evaluation's collectives: a phase of their own, since to
// compute is not to wait for others.
type between struct{ s *session }

func (b between) Gather(ctx context.Context, local [][]float64) ([][]float64, error) {
	b.s.enter(gathering)
	defer b.s.enter(evaluating)
	return b.s.collectives(b.s.job.state.Step).Gather(ctx, local)
}
