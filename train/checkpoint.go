package train

import (
	"cmp"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// defaultKeep is how many checkpoints are kept if nothing is said.
const defaultKeep = 3

// checkpoints writes the checkpoints of a run into a directory, behind the
// back of the training: a copy of the state is handed to a goroutine, and no
// step waits for the disk. What goes wrong is told to the observers and does
// not stop anything.
//
// Its methods are called by the one goroutine that trains. On a nil
// *checkpoints they do nothing: a node without a run directory has none.
type checkpoints struct {
	dir    string
	every  int // steps; 0: at the end of each epoch; negative: never
	id     identity
	pruner pruner // the writer's own
	create func(path string) (syncFile, error)

	top  float64       // the best score offered; NaN: none
	owed bool          // one has been due since the last offer
	wake chan struct{} // holds a token while a snapshot waits
	done chan struct{} // closed when the writer has ended

	mu struct {
		sync.Mutex
		waiting *snapshot // to be written next
		free    *snapshot // a buffer without use
		events  []func(Observer)
	}
}

// syncFile is what is asked of a file that is written to last.
type syncFile interface {
	io.WriteCloser
	Sync() error
}

// openCheckpoints starts the writer of a directory, which is made when the
// first checkpoint is written. Nothing is held for a state until the first
// offer. Every and keep are as in [Options].
func openCheckpoints(dir string, every, keep int, id identity) *checkpoints {
	c := &checkpoints{
		dir: dir, every: every, id: id, create: createFile,
		pruner: pruner{dir: dir, keep: max(1, cmp.Or(keep, defaultKeep)), id: id},
		top:    math.NaN(),
		wake:   make(chan struct{}, 1), done: make(chan struct{}),
	}
	go c.run()
	return c
}

// due tells whether a checkpoint follows a step.
func (c *checkpoints) due(j *job, step int) bool {
	if c == nil {
		return false
	}
	perEpoch, total := j.plan.StepsPerEpoch(), j.plan.TotalSteps()
	if j.plan.Open {
		perEpoch = streamCheckpoints
	}
	if j.ended() {
		total = j.state.Step
	}
	return checkpointDue(c.every, step, perEpoch, total)
}

// consider is called behind each committed step, on the node that writes, with
// the generation of its ring and the balanced accuracy on the validation part,
// or NaN if this step was not evaluated. It offers the state if a checkpoint
// is due, or if the score is the best so far; but only a state that the nodes
// have just compared: until they do, the checkpoint stays due.
func (c *checkpoints) consider(j *job, generation uint64, score float64, compared bool) {
	if c == nil || c.every < 0 {
		return
	}
	better := score > c.top || math.IsNaN(c.top) && !math.IsNaN(score)
	c.owed = c.owed || better || c.due(j, j.state.Step)
	if !c.owed || !compared {
		c.deliver(j.observe)
		return
	}
	c.owed = false
	c.offer(j, generation, score)
}

// checkpointDue says whether a checkpoint follows a step.
func checkpointDue(every, step, perEpoch, total int) bool {
	switch {
	case every < 0:
		return false
	case step == total:
		return true
	case every == 0:
		return step%perEpoch == 0
	default:
		return step%every == 0
	}
}

// offer copies the state and returns. If the write before is still under way
// the copy waits for it, in the place of one that has waited longer: slow disks
// get fewer checkpoints, not later ones. Two copies are all that is ever held.
func (c *checkpoints) offer(j *job, generation uint64, score float64) {
	if c == nil {
		return
	}
	if !(score <= c.top) && !math.IsNaN(score) {
		c.top = score
	}
	c.copyState(j, generation, score)
	select {
	case c.wake <- struct{}{}:
	default: // the token of the one that waited is still there
	}
	c.deliver(j.observe)
}

// copyState holds the lock for the time of a copy. The writer holds it for no
// more than an exchange of pointers.
func (c *checkpoints) copyState(j *job, generation uint64, score float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := cmp.Or(c.mu.waiting, c.mu.free)
	c.mu.free = nil
	if s == nil {
		s = newSnapshot(j)
	} else {
		s.take(j)
	}
	s.generation, s.score = generation, score
	c.mu.waiting = s
}

// deliver tells the observer, whose fields are all set, what has happened since
// the last call. So observers hear everything from the goroutine that trains.
func (c *checkpoints) deliver(o Observer) {
	if c == nil {
		return
	}
	c.mu.Lock()
	events := c.mu.events
	c.mu.events = nil
	c.mu.Unlock()
	for _, tell := range events {
		tell(o)
	}
}

// close writes what waits, ends the writer and tells the observer the rest.
func (c *checkpoints) close(o Observer) {
	if c == nil {
		return
	}
	close(c.wake)
	<-c.done
	c.deliver(o)
}

// run is the writer.
func (c *checkpoints) run() {
	defer close(c.done)
	for range c.wake {
		c.mu.Lock()
		s := c.mu.waiting
		c.mu.waiting = nil
		c.mu.Unlock()
		if s == nil {
			continue // written already, with the token before
		}
		c.write(s)
		c.mu.Lock()
		c.mu.free = s
		c.mu.Unlock()
	}
}

// write writes one checkpoint and removes those that are now too many.
func (c *checkpoints) write(s *snapshot) {
	start := time.Now()
	path := filepath.Join(c.dir, checkpointName(s.state.Step))
	size, err := c.writeFile(path, s)
	if err != nil {
		c.failed(path, err)
		return
	}
	event := CheckpointWritten{Path: path, Step: s.state.Step, Seconds: time.Since(start).Seconds(), Bytes: size}
	c.happened(func(o Observer) { o.CheckpointWritten(event) })
	c.pruner.prune(s, c.failed)
}

func (c *checkpoints) failed(path string, err error) {
	event := CheckpointFailed{Path: path, Err: err.Error()}
	c.happened(func(o Observer) { o.CheckpointFailed(event) })
}

func (c *checkpoints) happened(event func(Observer)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.events = append(c.mu.events, event)
}

func createFile(path string) (syncFile, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o666)
}
