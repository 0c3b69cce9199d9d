package train

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/optimizer"
)

// snapshot is all that a step reads and a commit changes: the state of a run at
// one committed step, as data. It is the same on every node, and depends on
// nothing but the configuration, the data and the step.
type snapshot struct {
	state   state
	params  []float32
	running []float32
	slots   []optimizer.Slot
	weigher []float64
	// classRows are the rows of each class that were trained on, where the data are a
	// stream, else nil.
	classRows []int64
	// best is the best model so far where one is looked for (see judge), else
	// nil. It follows from states that were compared, so that it is not digested.
	best []optimizer.Slot

	// What follows is said about the state and is no part of it: it is stored,
	// but neither restored nor digested.

	generation uint64  // of the ring that came to the state; 0 before any
	score      float64 // on the validation part, more is better; NaN: not known

	about map[string]string // the job's: what makes the parameters a model
}

// newSnapshot returns a snapshot with room for the job's state, and that state
// in it.
func newSnapshot(j *job) *snapshot {
	s := j.view().blank()
	s.about = j.about
	s.take(j)
	return s
}

// blank returns a snapshot with room for a state of the same size, and nothing
// in it.
func (s *snapshot) blank() *snapshot {
	b := &snapshot{
		params:  make([]float32, len(s.params)),
		running: make([]float32, len(s.running)),
		slots:   make([]optimizer.Slot, len(s.slots)),
	}
	b.classRows = append(b.classRows, s.classRows...)
	for i, slot := range s.slots {
		b.slots[i] = optimizer.Slot{Name: slot.Name, Data: make([]float32, len(slot.Data))}
	}
	for _, slot := range s.best {
		b.best = append(b.best, optimizer.Slot{Name: slot.Name, Data: make([]float32, len(slot.Data))})
	}
	return b
}

// vectors are those of the snapshot, in the same order for the same job.
func (s *snapshot) vectors() [][]float32 {
	list := [][]float32{s.params, s.running}
	for _, slot := range append(s.slots[:len(s.slots):len(s.slots)], s.best...) {
		list = append(list, slot.Data)
	}
	return list
}

// view returns the job's state without a copy: its vectors are the job's own
// until the next commit. It serves to digest and to send a state that stands
// still.
func (j *job) view() *snapshot {
	return &snapshot{
		state:     j.state,
		params:    j.net.Params(),
		running:   j.net.Running(),
		slots:     j.opt.State(),
		weigher:   j.weigher.State(),
		classRows: j.classRows,
		best:      j.judge.slots(),
		score:     math.NaN(),
	}
}

// take copies the state of the job that the snapshot was made for, or of one
// like it. It is called between commits. It allocates no vector, and waits for
// nobody.
func (s *snapshot) take(j *job) {
	v := j.view()
	if err := s.fits(v); err != nil {
		panic("train: a snapshot of another job: " + err.Error())
	}
	s.state, s.score, s.generation = v.state, v.score, 0
	copy(s.params, v.params)
	copy(s.running, v.running)
	s.weigher = append(s.weigher[:0], v.weigher...)
	copy(s.classRows, v.classRows)
	for i, slot := range v.slots {
		copy(s.slots[i].Data, slot.Data)
	}
	for i, slot := range v.best {
		copy(s.best[i].Data, slot.Data)
	}
}

// restore makes the snapshot the job's state, wholly or, with an error, not at
// all. It is called between sessions, or between commits.
func (s *snapshot) restore(j *job) error {
	if err := s.fits(j.view()); err != nil {
		return err
	}
	if err := s.state.check(j); err != nil {
		return err
	}
	// The weigher looks at the values before it takes them. Nothing is written
	// before, and behind it nothing is refused.
	if err := j.weigher.Restore(s.weigher); err != nil {
		return err
	}
	if err := j.opt.Restore(s.slots); err != nil {
		return err
	}
	copy(j.net.Params(), s.params)
	copy(j.net.Running(), s.running)
	copy(j.classRows, s.classRows)
	for i, slot := range j.judge.slots() {
		copy(slot.Data, s.best[i].Data)
	}
	j.state = s.state
	return nil
}

// fits compares names and lengths of the vectors with those of another
// snapshot, the one that is wanted. The weigher knows itself what fits it.
func (s *snapshot) fits(want *snapshot) error {
	for _, v := range []struct {
		name      string
		got, want int
	}{
		{"parameters", len(s.params), len(want.params)},
		{"running statistics", len(s.running), len(want.running)},
		{"vectors of the optimizer", len(s.slots), len(want.slots)},
		{"vectors of the best model", len(s.best), len(want.best)},
		{"classes that rows were counted of", len(s.classRows), len(want.classRows)},
	} {
		if v.got != v.want {
			return fmt.Errorf("%d %s, expected %d", v.got, v.name, v.want)
		}
	}
	for i, slot := range s.best {
		if w := want.best[i]; len(slot.Data) != len(w.Data) {
			return fmt.Errorf("%s of the best model: %d numbers, expected %d", w.Name, len(slot.Data), len(w.Data))
		}
	}
	for i, slot := range s.slots {
		w := want.slots[i]
		if slot.Name != w.Name || len(slot.Data) != len(w.Data) {
			return fmt.Errorf("vector %d of the optimizer is %q with %d numbers, expected %q with %d",
				i, slot.Name, len(slot.Data), w.Name, len(w.Data))
		}
	}
	return nil
}

// check reports a position that no run of the job's plan can be at.
func (s state) check(j *job) error {
	if j.plan.Open {
		return s.checkOpen(j)
	}
	total := j.plan.TotalSteps()
	switch {
	case s.Step < 0 || s.Step > total:
		return fmt.Errorf("step %d, expected 0 to %d", s.Step, total)
	case s.epoch < 0 || s.epoch >= j.plan.Epochs:
		return fmt.Errorf("epoch %d, expected 0 to %d", s.epoch, j.plan.Epochs-1)
	case s.SamplesSeen < 0 || s.SamplesSeen > int64(j.plan.Rows)*int64(j.plan.Epochs):
		return fmt.Errorf("%d samples seen, expected 0 to %d", s.SamplesSeen, int64(j.plan.Rows)*int64(j.plan.Epochs))
	case s.EpochRows < 0 || s.EpochRows > j.plan.Rows:
		return fmt.Errorf("%d rows of the epoch, expected 0 to %d", s.EpochRows, j.plan.Rows)
	}
	if v := s.Verdict; v.Step < 0 || v.Step > v.Judged || v.Judged > s.Step || v.Worse < 0 {
		return fmt.Errorf("judged at step %d, best at step %d: expected 0 to %d", v.Judged, v.Step, s.Step)
	}
	return nil
}

// checkOpen is check for a plan whose end is not known.
func (s state) checkOpen(j *job) error {
	if total := j.plan.TotalSteps(); s.Step < 0 || total > 0 && s.Step > total {
		return fmt.Errorf("step %d, expected 0 to %d", s.Step, total)
	}
	if most := int64(s.Step) * int64(j.plan.Batch); s.epoch != 0 || s.SamplesSeen < 0 || s.SamplesSeen > most || s.EpochRows < 0 || int64(s.EpochRows) > most {
		return fmt.Errorf("%d samples seen, %d of epoch %d: expected 0 to %d of epoch 0", s.SamplesSeen, s.EpochRows, s.epoch, most)
	}
	return nil
}
