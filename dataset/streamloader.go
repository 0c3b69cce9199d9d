package dataset

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// NewStreamLoader starts reading the batches of a stream, whose head's training
// rows are set: those of plan p, which is Open, from step from on. digest is
// Batch.Digest of the batch before, which the rows before have to come to: a
// node whose stream differs is found out here. See NewLoader.
func NewStreamLoader(st *Stream, set *Set, p Plan, shards, lo, hi, from int, digest uint64) *Loader {
	if !p.Open {
		panic("dataset: NewStreamLoader: a plan that is not Open")
	}
	l := prepareLoader(set, p, shards, lo, hi, from)
	l.looked, l.noCounts = make(chan string, 1), make([]int64, set.classes)
	l.done.Go(func() {
		defer close(l.ready)
		l.err = l.readStream(st, from, digest)
	})
	return l
}

// readStream fills batches until the stream ends, as does the plan, or the loader
// is closed.
func (l *Loader) readStream(st *Stream, from int, digest uint64) error {
	w := newWalk(st, l.set, l.plan, from)
	defer w.rows.close()
	for l.plan.Steps == 0 || w.step < l.plan.Steps {
		if w.step == from && from > 0 && w.digest != digest {
			return fmt.Errorf("%s: the rows before step %d are not those that the run was trained on: the stream has changed, or is another one on this node", st.place, from+1)
		}
		if err := l.await(w, from); err != nil {
			return err
		}
		if w.ready == 0 || w.ready < w.batch && w.failed != nil {
			return w.failed
		}
		if w.step < from {
			if _, last := w.take(func(int, *Set, int) {}); last && w.step < from {
				return fmt.Errorf("%s: the stream ends after %d rows, in step %d; the run is at step %d", st.place, w.count, w.step, from)
			}
			continue
		}
		var b *Batch
		select {
		case b = <-l.free:
		case <-l.quit:
			return io.ErrClosedPipe
		}
		l.fillFrom(b, w)
		l.ready <- b // never blocks: there is room for all
		if b.Last {
			return nil
		}
	}
	return nil
}

// await reads until the walk's next batch is whole, or nothing more comes. Who
// waits for a batch learns why.
func (l *Loader) await(w *walk, from int) error {
	if w.step < from && w.step%64 == 0 {
		l.looks(w.st.waitsAt(w.count, "all of them were trained on before; the run is at step %d", from))
	}
	for !w.whole() && w.failed == nil {
		select {
		case <-l.quit:
			return io.ErrClosedPipe
		default:
		}
		if err := w.more(); !errors.Is(err, errNotYet) {
			continue
		}
		l.looks(w.st.waitsAt(w.count+int64(w.ready), ""))
		timer := time.NewTimer(lookEvery)
		select {
		case <-timer.C:
		case <-l.quit:
			timer.Stop()
			return io.ErrClosedPipe
		}
	}
	return nil
}

// looks tells Next, if it waits, that the reading gets on.
func (l *Loader) looks(why string) {
	select {
	case l.looked <- why:
	default:
	}
}

// fillFrom makes b the walk's next batch.
func (l *Loader) fillFrom(b *Batch, w *walk) {
	rows := min(w.batch, w.ready)
	for k := range b.Parts {
		p := &b.Parts[k]
		lo, hi := ShardRange(rows, l.shards, l.lo+k)
		p.First, p.IDs, p.Y, p.X = lo, p.IDs[:hi-lo], p.Y[:hi-lo], p.X[:(hi-lo)*l.set.dim]
	}
	k, behind := 0, w.st.numbered-l.set.Len()+int(w.count)
	b.Step, b.Epoch, b.Rows = w.step, 0, rows
	b.Counts = append(b.Counts[:0], l.noCounts...)
	_, b.Last = w.take(func(at int, s *Set, i int) {
		b.Counts[s.labels[i]]++
		for k < len(b.Parts) && at >= b.Parts[k].First+len(b.Parts[k].Y) {
			k++
		}
		if k == len(b.Parts) || at < b.Parts[k].First {
			return
		}
		p := &b.Parts[k]
		j := at - p.First
		p.IDs[j], p.Y[j] = int32(behind+at), s.labels[i]
		if s == l.set {
			p.IDs[j] = s.ids[i]
		}
		s.Read(p.X[j*s.dim:(j+1)*s.dim], i)
	})
	b.Digest = w.digest
}
