package dataset

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// bookmark is a place in a stream where the batch of a step begins.
type bookmark struct {
	inHead bool // row skip of the head's training rows
	from   mark // else: row skip behind this
	skip   int
	rows   int64  // of the batches before
	digest uint64 // of these rows
}

// bookmarks is how many are kept: nodes go back to the state that they last agreed
// on, of 100 steps ago at most, and loaders read a few steps ahead.
const bookmarks = 512

// stop is a step of a run with batches of so many rows: several may go through
// one stream.
type stop struct{ batch, step int }

// keep remembers where a batch begins.
func (st *Stream) keep(at stop, b bookmark) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.mu.places[at] = b
	delete(st.mu.places, stop{at.batch, at.step - bookmarks})
}

// nearest returns where to begin to read for the batch of a step, and of which
// step the batch there is.
func (st *Stream) nearest(at stop) (int, bookmark) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if b, ok := st.mu.places[at]; ok {
		return at.step, b
	}
	return 0, bookmark{inHead: true}
}

// walk goes through the rows of a stream batch by batch, those of the head first.
// What a batch holds follows from the rows, the size of the batches and the step.
type walk struct {
	st    *Stream
	rows  rowsOf
	batch int
	final int // the step behind which nobody looks; 0: none

	step   int    // whose batch is next
	count  int64  // rows of the batches before
	digest uint64 // of these
	queue  []piece
	ready  int   // rows in the queue
	drop   int   // rows to pass over before the next one
	ended  bool  // no row comes behind the queue
	failed error // what is wrong with the one that does
}

// piece is rows that have been read.
type piece struct {
	set    *Set
	inHead bool
	from   mark
	next   int // the first row that has not been taken
}

// newWalk begins with the batch of a step, or before it. head are the training
// rows of the head.
func newWalk(st *Stream, head *Set, p Plan, step int) *walk {
	w := &walk{st: st, rows: rowsOf{st: st}, batch: p.Batch, final: p.Steps}
	var b bookmark
	w.step, b = st.nearest(stop{p.Batch, step})
	w.count, w.digest = b.rows, b.digest
	from := st.first
	if b.inHead {
		w.queue = append(w.queue, piece{set: head, inHead: true, next: b.skip})
		w.ready = head.Len() - b.skip
	} else {
		from, w.drop = b.from, b.skip
	}
	w.failed = w.rows.at(from)
	return w
}

// whole tells whether the next batch is there. A full one waits for a row behind
// it, or for the news that there is none: which batch is the last is part of it.
func (w *walk) whole() bool {
	switch {
	case w.ended:
		return true
	case w.failed != nil, w.final > 0 && w.step+1 >= w.final:
		return w.ready >= w.batch
	}
	return w.ready > w.batch
}

// more reads some rows. The error is errNotYet if there are none yet.
func (w *walk) more() error {
	set, from, err := w.rows.next()
	switch {
	case errors.Is(err, errNotYet):
		return err
	case errors.Is(err, io.EOF):
		w.ended = true
		return nil
	case err != nil:
		w.failed = err
		return nil
	}
	p := piece{set: set, from: from, next: min(w.drop, set.Len())}
	w.drop -= p.next
	if p.next < set.Len() {
		w.queue = append(w.queue, p)
		w.ready += set.Len() - p.next
	}
	if w.count+int64(w.ready) > math.MaxInt32-int64(w.st.numbered) {
		w.failed = fmt.Errorf("%s: more than %d rows; end the run with --steps, and go on with another one and --init", w.st.place, math.MaxInt32)
	}
	return nil
}

// take calls each with the rows of the batch, which is whole, and their places in
// it; and tells whether no batch follows.
func (w *walk) take(each func(at int, s *Set, i int)) (rows int, last bool) {
	rows = min(w.batch, w.ready)
	if rows > 0 {
		p := &w.queue[0]
		w.st.keep(stop{w.batch, w.step}, bookmark{p.inHead, p.from, p.next, w.count, w.digest})
	}
	for at := 0; at < rows; {
		p := &w.queue[0]
		for ; at < rows && p.next < p.set.Len(); p.next++ {
			w.digest = p.set.digestRow(w.digest, p.next)
			each(at, p.set, p.next)
			at++
		}
		if p.next == p.set.Len() {
			w.queue = w.queue[1:]
		}
	}
	w.ready -= rows
	w.count += int64(rows)
	w.step++
	last = w.ended && w.ready == 0
	w.digest = digestWord(w.digest, uint64(rows))
	if last {
		w.digest = digestWord(w.digest, math.MaxUint64)
	}
	return rows, last
}
