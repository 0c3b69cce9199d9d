package train

import "github.com/ballast-ml/ballast/dataset"

// state is the position of a run: with the parameters, the optimizer's and the
// weighter's state it is all that a step reads and a commit changes.
type state struct {
	// Step is the next step to take, from 0.
	Step int
	// SamplesSeen counts the rows of all committed steps.
	SamplesSeen int64
	// EpochLoss and EpochRows add up the base loss of the current epoch, or of
	// the last one when it has just ended.
	EpochLoss float64
	EpochRows int
	// Rows is a digest of the rows of a stream that these steps have used, and Ended
	// says that no step follows; 0 and false where the data are no stream.
	Rows  uint64
	Ended bool
	// Verdict is what the judge has seen; all 0 where nobody judges.
	Verdict verdict

	epoch int
}

// verdict is the judge's memory: see judge.
type verdict struct {
	Judged int     // step of the last evaluation that was taken into account
	Step   int     // of the best one; 0: there was none
	Score  float64 // of the best one, more is better
	Worse  int     // evaluations since the best one
}

// advance moves past a committed batch.
func (s *state) advance(b *dataset.Batch, done StepDone) {
	s.skip(b)
	s.EpochLoss += float64(float64(done.Loss) * float64(b.Rows))
	s.EpochRows += b.Rows
}

// skip moves past a batch that was left out.
func (s *state) skip(b *dataset.Batch) {
	s.Step = b.Step + 1
	s.SamplesSeen += int64(b.Rows)
	s.Rows, s.Ended = b.Digest, b.Last
	if b.Epoch != s.epoch {
		s.epoch, s.EpochLoss, s.EpochRows = b.Epoch, 0, 0
	}
}

// trainLoss is the mean base loss over the current epoch.
func (s *state) trainLoss() float64 {
	if s.EpochRows == 0 {
		return 0
	}
	return s.EpochLoss / float64(s.EpochRows)
}
