package train

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// A run on a stream goes once through rows of which nobody knows how many there
// are. Its plan has no total: what starts at a fraction of the run needs --steps,
// and what needs the number of rows of each class is refused.

// streamCheckpoints is the number of steps between checkpoints if nothing is
// said: a stream has no epochs.
const streamCheckpoints = 1000

// checkStream complains of what does not go with a stream.
func (c Config) checkStream() error {
	if c.Stream <= 0 {
		return nil // the data's own check looks at what is below 0
	}
	var wrong []error
	refuse := func(text string, values ...any) { wrong = append(wrong, fmt.Errorf(text, values...)) }
	if c.Patience > 0 {
		refuse("--patience %d does not go with --stream: it counts epochs, and a stream is gone through once", c.Patience)
	}
	if c.DropLast {
		refuse("--drop-last does not go with --stream: which batch is short is known when it is there")
	}
	if m, err := ParseMethod(c.Method); err == nil {
		wrong = append(wrong, c.checkStreamMethod(m)...)
	}
	if c.Steps > 0 {
		return errors.Join(wrong...)
	}
	const length = "the length of a stream is not known: add --steps N, which N steps end"
	if c.LRSchedule != "auto" && c.LRSchedule != "constant" {
		refuse("--lr-schedule %s: %s, or take constant", c.LRSchedule, length)
	}
	return errors.Join(wrong...)
}

// checkStreamMethod complains of words that need what a stream does not tell.
func (c Config) checkStreamMethod(m Method) (wrong []error) {
	for _, w := range m.parts() {
		if w.Counts {
			wrong = append(wrong, fmt.Errorf("--method %s: %s needs the number of training rows of each class, which a stream does not tell: "+
				"take absgd, rgd, term or another word that looks at losses alone", c.Method, w.Name))
		}
	}
	if c.Steps > 0 {
		return wrong
	}
	for _, option := range m.Options { // they take the place of flags
		if option[0] == "lambda" {
			c.Lambda = option[1]
		}
	}
	if l, err := optimizer.ParseLambda(c.Lambda); m.Weighter == "absgd" && err == nil && l[len(l)-1].From > 0 {
		wrong = append(wrong, fmt.Errorf("--lambda %s: a start is a fraction of the run, and the length of a stream is not known: give one value, as in --lambda 5, or --steps N", c.Lambda))
	}
	for _, w := range m.parts() {
		own := m.own(w)
		if _, starts := own["from"]; !starts || own.Float("from") == 0 || w.Name == "gce" && own.Float("k") == 0 {
			continue
		}
		wrong = append(wrong, fmt.Errorf("--method %s: %s starts at %s of the run, and the length of a stream is not known: write %s[from=0], or add --steps N",
			c.Method, w.Name, own["from"], w.Name))
	}
	return wrong
}

// resolveStream settles what a stream leaves no choice about.
func (c Config) resolveStream() Config {
	if c.Stream > 0 {
		c.Epochs, c.Order = 1, "file"
		c.LRSchedule = choose(c.LRSchedule == "auto" && c.Steps == 0, "constant", c.LRSchedule)
	}
	return c
}

// loader starts reading for the shards [lo, hi) from the job's position on.
func (j *job) loader(lo, hi int) *dataset.Loader {
	if j.data.Stream == nil {
		return dataset.NewLoader(j.data.Train, j.plan, j.cfg.Shards, lo, hi, j.state.Step)
	}
	return dataset.NewStreamLoader(j.data.Stream, j.data.Train, j.plan, j.cfg.Shards, lo, hi, j.state.Step, j.state.Rows)
}

// ended tells whether no step is left.
func (j *job) ended() bool {
	total := j.plan.TotalSteps()
	return j.state.Ended || total > 0 && j.state.Step >= total
}

// count takes the classes of a batch of a stream into account, which has been
// committed.
func (j *job) count(b *dataset.Batch) {
	for k := range j.classRows {
		j.classRows[k] += b.Counts[k]
	}
}

// counts are the training rows of each class: those that were used, where nobody
// knew before how many there are.
func (j *job) counts() []int {
	counts := j.data.Train.Counts()
	if j.state.Step > 0 {
		for k, n := range j.classRows {
			counts[k] = int(n)
		}
	}
	return counts
}

// recount has the figures of a stream know how many rows there were of each class.
func (j *job) recount() (err error) {
	if j.classRows == nil {
		return nil
	}
	extra := j.setup.Extra
	j.setup, err = j.cfg.setup(j.data.Classes, j.counts())
	j.setup.Extra = extra
	return err
}

// mass is the sum of the weights of the training rows of each class.
func (j *job) mass() []float64 {
	if j.classRows == nil {
		return j.data.Train.Mass()
	}
	var mass []float64
	for _, n := range j.counts() {
		mass = append(mass, float64(n))
	}
	return mass
}

// warmupSteps is the number of steps over which the rate rises. Where nobody knows
// how long an epoch is, it is one of the head's training rows.
func (j *job) warmupSteps() int {
	per := j.plan.StepsPerEpoch()
	if j.plan.Open {
		per = (j.plan.Rows + j.plan.Batch - 1) / j.plan.Batch
	}
	return int(math.Round(j.cfg.Warmup * float64(per)))
}

// readRows is a digest of the rows of a stream as a number that nodes show each
// other: as much of it as is exact in a float64.
func readRows(digest uint64) float64 { return float64(digest >> 11) }

// sameRows returns a *DivergedError if the nodes have come to a batch by different
// rows of a stream, or by another end of it, as the records of its shards tell.
// Nothing of the batch is committed then. Without it a node with other rows would
// go on for a while: gradients are summed, so that its state is that of the others.
func (s *session) sameRows(records [][]float64) error {
	same := true
	for _, r := range records {
		same = same && r[recordRows] == records[0][recordRows]
	}
	if same {
		return nil
	}
	standings := make([][]float64, len(records))
	for i, r := range records {
		standings[i] = make([]float64, standingSize)
		standings[i][standingStep], standings[i][standingRows] = float64(s.batch.Step+1), r[recordRows]
	}
	return s.differing(standings)
}

// waitingAfter is how long rows have to be missing for the observers to be told,
// and waitingAgain how long they are left in peace then: a stream may trickle.
const (
	waitingAfter = time.Second
	waitingAgain = time.Minute
)

// rowsWait is the waiting for one batch of a stream.
type rowsWait struct {
	s     *session
	since time.Time
	told  bool
	last  time.Time // that anything was told
}

// idle is told that rows are missing, or passed over, and that the reading gets
// on: to wait for rows is not to hang. It ends the wait of a node that is to leave.
func (w *rowsWait) idle(why string) error {
	w.s.flight.beat()
	if now := time.Now(); !w.told && now.Sub(w.since) >= waitingAfter && now.Sub(w.last) >= waitingAgain {
		w.told, w.last = true, now
		w.s.job.observe.Waiting(Waiting{Reason: why, Rows: true})
	}
	select {
	case <-w.s.drain:
		return ErrDrained
	default:
		return nil
	}
}

// begin is called where a batch is asked for, end where it is there.
func (w *rowsWait) begin() { w.since, w.told = time.Now(), false }

func (w *rowsWait) end() {
	if w.told {
		w.s.job.observe.Waiting(Waiting{Rows: true})
	}
}

// waited returns how much of the last step's time says nothing about steps.
func (w *rowsWait) waited() time.Duration {
	if !w.s.job.plan.Open {
		return 0
	}
	return w.s.clock.spent[loading]
}
