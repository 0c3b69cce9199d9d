package train

import (
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// recordSize is the number of float64 that each shard tells the others about a
// step: Σℓ, Σw, Σw², Σwℓ.
const recordSize = 4

// report returns what a step's observers are told, from the records of all
// shards: sums over the global batch, added in shard order so that every node
// reports the same figures.
func (s *session) report(all [][]float64, b *dataset.Batch, out optimizer.Outcome) StepDone {
	var sum [recordSize]float64
	for _, r := range all {
		for k := range sum {
			sum[k] += r[k]
		}
	}
	ess := sum[1] * sum[1] / sum[2]
	if sum[2] == 0 {
		ess = 0
	}
	done := s.stepDone(b)
	done.Loss, done.WeightedLoss = Num(sum[0]/float64(b.Rows)), Num(sum[3])
	done.SumW, done.ESS = sum[1], ess
	done.LogU, done.Lambda = Num(out.LogU), Num(out.Lambda)
	return done
}

// stepDone is a report with the place of the step and nothing else.
func (s *session) stepDone(b *dataset.Batch) StepDone {
	return StepDone{
		Step: b.Step + 1, Steps: s.job.plan.TotalSteps(),
		Epoch: b.Epoch + 1, Epochs: s.job.cfg.Epochs,
		Rows: b.Rows,
	}
}

// record fills the record of local shard i, whose weights are factor·q.
func (s *session) record(i int, factor float64) {
	var loss, weight, square, weighted float64
	for k, q := range s.weighed[i].Q {
		l, w := float64(s.weighed[i].Losses[k]), float64(factor*float64(q))
		loss += l
		weight += w
		square += float64(w * w)
		weighted += float64(w * l)
	}
	r := s.records[i]
	r[0], r[1], r[2], r[3] = loss, weight, square, weighted
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
