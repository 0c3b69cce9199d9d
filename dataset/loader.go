package dataset

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/ballast-ml/ballast/internal/mapped"
)

// Part is one shard of one batch.
type Part struct {
	First int       // position of its first row in the global batch
	IDs   []int32   // row numbers, as Set.ID gives them
	X     []float32 // features, row-major: len(IDs) rows
	Y     []int32   // classes
	W     []float32 // weights of the samples, 1 in the mean of the set; nil: all are 1
}

// Batch is what one node reads of the global batch of one step.
type Batch struct {
	Step, Epoch int    // from 0
	Rows        int    // of the global batch
	Parts       []Part // one for each shard of the loader's, in order

	// Of a stream: Digest tells of all rows up to here, and of the end if Last says
	// that no batch follows; Counts are the rows of each class in the global batch.
	Digest uint64
	Last   bool
	Counts []int64
}

// ahead is the number of batches a loader holds: one in the caller's hands,
// one ready, one being read.
const ahead = 3

// Loader reads the batches of a plan ahead of the steps, in one goroutine. Its
// methods are for one goroutine at a time, but Close may be called while Next
// waits.
type Loader struct {
	// Idle, if it is set before the first Next, is called by Next where it waits
	// for a stream, whenever the reading has found that more rows are missing or
	// to be passed over; why is for people. An error of it is that of Next.
	Idle func(why string) error

	set    *Set
	plan   Plan
	shards int
	lo, hi int
	image  []float32 // a sample as it is in the set, before it is augmented

	free     chan *Batch // empty batches, to the reader
	ready    chan *Batch // full ones, from it; closed after the last step
	err      error       // of the reading; set before ready is closed
	held     *Batch      // in the caller's hands
	looked   chan string // why there is no batch; nil: there always is one soon
	noCounts []int64     // zeros, one for each class of a stream
	quit     chan struct{}
	once     sync.Once
	done     sync.WaitGroup
}

// NewLoader starts reading the batches of plan p from step from on. Of each
// batch it reads the shards [lo, hi) of shards; there may be none. It panics
// if p does not fit the set or the numbers make no sense. The caller must
// Close it.
func NewLoader(set *Set, p Plan, shards, lo, hi, from int) *Loader {
	l := prepareLoader(set, p, shards, lo, hi, from)
	l.done.Go(func() { l.read(from) })
	return l
}

// prepareLoader returns a loader that does not read yet.
func prepareLoader(set *Set, p Plan, shards, lo, hi, from int) *Loader {
	if err := p.Check(); err != nil {
		panic("dataset: NewLoader: " + err.Error())
	}
	if p.Rows != set.Len() {
		panic(fmt.Sprintf("dataset: NewLoader: a plan of %d rows for a set of %d", p.Rows, set.Len()))
	}
	if a, err := p.Augment.For(set.shape); err != nil || a != p.Augment {
		panic(fmt.Sprintf("dataset: NewLoader: augment %v for samples of %v: %v", p.Augment, set.shape, err))
	}
	if lo < 0 || hi < lo || shards < hi || shards < 1 || from < 0 {
		panic(fmt.Sprintf("dataset: NewLoader: shards [%d, %d) of %d from step %d", lo, hi, shards, from))
	}
	l := &Loader{
		set: set, plan: p, shards: shards, lo: lo, hi: hi, image: make([]float32, set.dim),
		free:  make(chan *Batch, ahead),
		ready: make(chan *Batch, ahead),
		quit:  make(chan struct{}),
	}
	for range ahead {
		l.free <- l.newBatch()
	}
	return l
}

// newBatch returns a batch with room for the largest shards.
func (l *Loader) newBatch() *Batch {
	room := (l.plan.Batch + l.shards - 1) / l.shards
	b := &Batch{Parts: make([]Part, l.hi-l.lo)}
	for i := range b.Parts {
		b.Parts[i] = Part{
			IDs: make([]int32, 0, room),
			X:   make([]float32, 0, room*l.set.dim),
			Y:   make([]int32, 0, room),
		}
		if l.set.Weighted() {
			b.Parts[i].W = make([]float32, 0, room)
		}
	}
	return b
}

// Next returns the batch of the next step. It is valid until the next call of
// Next or Close. After the last step of the plan the error is [io.EOF]; after
// Close it is [io.ErrClosedPipe]; if ctx ends first, its cause.
func (l *Loader) Next(ctx context.Context) (*Batch, error) {
	select {
	case <-l.quit: // a batch may be ready, but its owner has gone
		return nil, io.ErrClosedPipe
	default:
	}
	if l.held != nil {
		l.free <- l.held // never blocks: there is room for all
		l.held = nil
	}
	for {
		select {
		case b, ok := <-l.ready:
			if !ok {
				return nil, cmp.Or(l.err, io.EOF)
			}
			l.held = b
			return b, nil
		case why := <-l.looked:
			if l.Idle == nil {
				continue
			}
			if err := l.Idle(why); err != nil {
				return nil, err
			}
		case <-l.quit:
			return nil, io.ErrClosedPipe
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Close stops the reading and waits until it has stopped. It may be called
// more than once.
func (l *Loader) Close() {
	l.once.Do(func() { close(l.quit) })
	l.done.Wait()
}

// read fills batches until the plan ends or the loader is closed.
func (l *Loader) read(from int) {
	order := make([]int32, l.plan.Rows)
	have := -1 // epoch that order holds
	for step := from; step < l.plan.TotalSteps(); step++ {
		var b *Batch
		select {
		case b = <-l.free:
		case <-l.quit:
			return
		}
		epoch, first, rows := l.plan.At(step)
		if epoch != have {
			l.plan.Order(order, epoch)
			have = epoch
		}
		b.Step, b.Epoch, b.Rows = step, epoch, rows
		if l.err = mapped.Guard(func() { l.fill(b, order[first:first+rows]) }); l.err != nil {
			break
		}
		l.ready <- b // never blocks: there is room for all
	}
	close(l.ready)
}

// fill reads this loader's shards of the batch whose samples are given.
func (l *Loader) fill(b *Batch, samples []int32) {
	dim := l.set.dim
	for k := range b.Parts {
		lo, hi := ShardRange(len(samples), l.shards, l.lo+k)
		p := &b.Parts[k]
		p.First, p.W = lo, p.W[:0] // of nil it is nil
		p.IDs, p.Y, p.X = p.IDs[:hi-lo], p.Y[:hi-lo], p.X[:(hi-lo)*dim]
		for j, i := range samples[lo:hi] {
			p.IDs[j] = l.set.ids[i]
			p.Y[j] = l.set.labels[i]
			if p.W != nil {
				p.W = append(p.W, l.set.weights[i])
			}
			l.features(p.X[j*dim:(j+1)*dim], int(i), b.Step, lo+j)
		}
	}
}

// features reads sample i, for a position of the global batch of a step.
func (l *Loader) features(dst []float32, i, step, position int) {
	if l.plan.Augment == (Augment{}) {
		l.set.Read(dst, i)
		return
	}
	l.set.Read(l.image, i)
	l.plan.Augment.apply(dst, l.image, l.set.shape, l.plan.Seed, step, position)
}
