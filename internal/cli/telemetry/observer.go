package telemetry

import (
	"time"

	"github.com/ballast-ml/ballast/train"
)

// Observer returns the observer that keeps the figures.
func (f *Figures) Observer() train.Observer {
	return train.Observer{
		Joined: func(v train.Joined) { f.node.WithLabelValues(label(v.Name), label(v.Addr)).Set(1) },
		RingFormed: func(v train.RingFormed) {
			f.onRing(v)
			f.setHealth(true, "")
		},
		RingLost: func(v train.RingLost) {
			f.lost.Inc()
			f.world.Set(0)
			f.setHealth(false, "")
		},
		Waiting:  func(v train.Waiting) { f.waits(v) },
		Diverged: func(train.Diverged) { f.diverged.Inc() },
		StepDone: f.stepDone,
		Evaluated: func(v train.Evaluation) {
			for name, value := range v.Values() {
				f.evaluation.WithLabelValues(label(v.Split), label(name)).Set(value)
			}
			f.evaluatedAt.WithLabelValues(label(v.Split)).Set(float64(v.Step))
		},
		CheckpointWritten: func(v train.CheckpointWritten) {
			f.written.Inc()
			f.checkpointStep.Set(float64(v.Step))
			f.checkpointSeconds.Set(v.Seconds)
			f.checkpointSize.Set(float64(v.Bytes))
			f.savedAt.Set(float64(time.Now().UnixMilli()) / 1e3)
		},
		CheckpointFailed: func(train.CheckpointFailed) { f.failed.Inc() },
	}
}

func (f *Figures) onRing(v train.RingFormed) {
	f.world.Set(float64(len(v.Names)))
	f.rank.Set(float64(v.Rank))
	f.generation.Set(float64(v.Generation))
	if v.Rank+1 < len(v.Shards) {
		f.shards.Set(float64(v.Shards[v.Rank+1] - v.Shards[v.Rank]))
	}
	f.writes.Set(0)
	if v.Writes {
		f.writes.Set(1)
	}
}

// stepDone is called in every step: it finds nothing by name, and allocates
// nothing.
func (f *Figures) stepDone(v train.StepDone) {
	f.steps.Inc()
	f.samples.Add(float64(v.Rows))
	if v.Skipped != "" {
		f.skipped.Inc()
	}
	f.step.Set(float64(v.Step))
	f.planned.Set(float64(v.Steps))
	f.epoch.Set(float64(v.Epoch))
	f.loss.Set(float64(v.Loss))
	f.weighted.Set(float64(v.WeightedLoss))
	f.objective.Set(float64(v.Objective))
	f.ess.Set(v.ESS / float64(max(v.Rows, 1)))
	f.lambda.Set(float64(v.Lambda))
	f.logU.Set(float64(v.LogU))
	f.rate.Set(v.LR)
	f.norm.Set(float64(v.GradNorm))
	p := &v.Phases
	for i, seconds := range [...]float64{p.Data, p.Forward, p.Normalizer, p.Backward, p.AllReduce, p.Optimizer} {
		f.phases[i].Observe(seconds)
	}
}

// setHealth notes whether there is a ring.
func (f *Figures) setHealth(ring bool, reason string) {
	f.health.Lock()
	defer f.health.Unlock()
	f.health.ring, f.health.reason = ring, reason
}

// waits notes the reason of waiting, which comes from any goroutine.
func (f *Figures) waits(v train.Waiting) {
	f.health.Lock()
	defer f.health.Unlock()
	f.health.reason = v.Reason
}

// healthy tells whether the node is on a ring, and what it waits for.
func (f *Figures) healthy() (ring bool, reason string) {
	f.health.Lock()
	defer f.health.Unlock()
	return f.health.ring, f.health.reason
}
