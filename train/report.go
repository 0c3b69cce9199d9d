package train

import (
	"math"
	"slices"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/logsum"
	"github.com/ballast-ml/ballast/optimizer"
)

// recordSize is the number of float64 that each shard tells the others about a
// step: Σvℓ, Σw, Σw², Σwℓ, and of a = ℓ/λ + log v the maximum and Σe^(a-max), where
// v is the weight of a row of its own, else 1; which rows of a stream it has
// read so far (see readRows); and 1 if its node is to write a checkpoint behind
// the step, so that all compare their states first, else 0.
const (
	recordSize = 8
	recordRows = 6
	recordAsks = 7
)

// report returns what a step's observers are told, from the records of all
// shards: sums over the global batch, added in shard order so that every node
// reports the same figures.
func (s *session) report(all [][]float64, b *dataset.Batch, out optimizer.Outcome) StepDone {
	var sum [4]float64
	total := logsum.Identity()
	for _, r := range all {
		for k := range sum {
			sum[k] += r[k]
		}
		total = logsum.Fold(total, [3]float64{r[4], r[5], 1})
	}
	ess := sum[1] * sum[1] / sum[2]
	if sum[2] == 0 {
		ess = 0
	}
	done := s.stepDone(b)
	done.Loss, done.WeightedLoss = Num(sum[0]/float64(b.Rows)), Num(sum[3])
	done.SumW, done.ESS = sum[1], ess
	done.LogU, done.Lambda = Num(out.LogU), Num(out.Lambda)
	done.Objective = objective(out.Lambda, total, b.Rows, done.Loss)
	return done
}

// objective returns ABSGD's own, F = λ·log((1/B) Σ v·exp(ℓ/λ)) of the global batch:
// the mean loss where averaging is plain.
func objective(lambda float64, total [3]float64, rows int, mean Num) Num {
	if math.IsInf(lambda, 0) {
		return mean
	}
	return Num(lambda * (logsum.Log(total) - detmath.Log(float64(rows))))
}

// stepDone is a report with the place of the step and nothing else.
func (s *session) stepDone(b *dataset.Batch) StepDone {
	return StepDone{
		Step: b.Step + 1, Steps: s.job.plan.TotalSteps(),
		Epoch: b.Epoch + 1, Epochs: s.job.cfg.Epochs,
		Rows: b.Rows,
	}
}

// record fills the record of local shard i, which has its weights.
func (s *session) record(i int, out optimizer.Outcome) {
	factor := float64(out.Factors[i])
	var loss, weight, square, weighted float64
	for k, q := range s.weighed[i].Q {
		l, w := float64(s.weighed[i].Losses[k]), float64(factor*float64(q))
		loss += float64(own(s.weighed[i].Weights, k) * l)
		weight += w
		square += float64(w * w)
		weighted += float64(w * l)
	}
	r := s.records[i]
	r[0], r[1], r[2], r[3] = loss, weight, square, weighted
	if out.Triples != nil {
		r[4], r[5] = out.Triples[i][0], out.Triples[i][1]
	} else {
		r[4], r[5] = exponentials(s.weighed[i], out.Lambda)
	}
	r[recordRows] = readRows(s.batch.Digest)
	r[recordAsks] = 0
	if s.checkpoints.due(s.job, s.batch.Step+1) {
		r[recordAsks] = 1
	}
}

// asks tells whether a node wants the states compared behind the step.
func asks(records [][]float64) bool {
	return slices.ContainsFunc(records, func(r []float64) bool { return r[recordAsks] != 0 })
}

// own returns the weight of sample k of its own.
func own(weights []float32, k int) float64 {
	if weights == nil {
		return 1
	}
	return float64(weights[k])
}

// exponentials returns the maximum of a = ℓ/λ + log v and Σe^(a-max); -Inf and 0
// where there are no losses, or averaging is plain.
func exponentials(shard optimizer.Shard, lambda float64) (top, sum float64) {
	top = math.Inf(-1)
	if math.IsInf(lambda, 0) {
		return top, 0
	}
	exponent := func(i int) float64 {
		a := float64(shard.Losses[i]) / lambda
		if shard.Weights != nil {
			a += detmath.Log(own(shard.Weights, i))
		}
		return a
	}
	for i := range shard.Losses {
		top = max(top, exponent(i))
	}
	for i := range shard.Losses {
		sum += detmath.Exp(exponent(i) - top)
	}
	return top, sum
}

// complete adds what is known after the commit.
func (s *session) complete(done StepDone, update optimizer.Report) StepDone {
	done.LR = update.LR
	done.GradNorm = Num(update.GradNorm)
	done.SamplesSeen = s.job.state.SamplesSeen
	s.enter(idle)
	done.Phases = s.clock.phases()
	return done
}
