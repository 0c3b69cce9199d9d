package main

import (
	"time"

	"github.com/ballast-ml/ballast/internal/cli/proc"
)

const (
	// killAfter is how long nodes have to end after they were told to. A person
	// who has pressed Ctrl-C waits less than two seconds.
	killAfter = 1300 * time.Millisecond
	// lateAfter is how long after the first node has finished the others may
	// take to say goodbye.
	lateAfter = 10 * time.Second
)

// ended notes the end of a node and decides what becomes of it and of the
// others.
func (f *fleet) ended(n *member, x proc.Exit) {
	e := ending{
		exit: x, failed: n.failed, crash: n.log.crashed(), log: n.log.where(),
		finished: n.summary != nil, left: n.left, asked: f.stopping,
		host: n.place.host, met: n.addr != "", said: n.log.said(),
	}
	f.endings = append(f.endings, e)
	n.phase = ended
	n.regain(time.Now())
	switch e.fate(f.circumstances(n)) {
	case over:
		f.done(n, e)
	case again:
		f.restart(n, e)
	case down:
		f.view.Note("%v; the others go on", e.err())
	case fatal:
		f.blame(n, e)
	}
	f.startReady() // those that have waited for its address
	f.maybeDetach()
}

func (f *fleet) circumstances(n *member) circumstances {
	c := circumstances{restarts: n.restarts, spent: n.spent, most: f.settings.MaxRestarts, formed: f.formed}
	for _, o := range f.nodes {
		if o == n {
			continue
		}
		if o.alive() {
			c.others++
		}
		if o.summary != nil {
			c.finished = true
		}
	}
	return c
}

// done sees to the others when a node has ended as it should.
func (f *fleet) done(n *member, e ending) {
	switch {
	case e.finished:
		f.retire()
		f.agenda.in(lateAfter, f.stop)
	case e.left:
		f.view.Note("%s has left the run", n.name)
	}
}

// restart has a node started again in a moment.
func (f *fleet) restart(n *member, e ending) {
	d := pause(n.spent)
	n.restarts++
	n.spent++
	n.phase = resting
	f.view.Note("%v; it is started again in %v (%d of %d)", e.err(), d, n.spent, f.settings.MaxRestarts)
	f.agenda.in(d, func() {
		if n.phase == resting {
			n.phase = ready
			f.startReady()
		}
	})
}

// blame ends the run for what one node has met. If that is only that another
// one was lost, or the last of many crashes, the first cause is the error.
func (f *fleet) blame(n *member, e ending) {
	if e.leaning(f.circumstances(n)) != fatal {
		f.fail(f.verdict)
		return
	}
	f.fail(func() error {
		e.log = n.log.where()
		return e.err()
	})
}

// verdict returns the first real error since the last ring was formed.
func (f *fleet) verdict() error {
	for i := range f.endings {
		for _, n := range f.nodes {
			if n.name == f.endings[i].exit.Name {
				f.endings[i].log = n.log.where()
			}
		}
	}
	return verdict(f.endings)
}

// fail ends the run with an error, the first of them if there are several.
func (f *fleet) fail(failure func() error) {
	if f.failure == nil {
		f.failure = failure
	}
	f.stop()
}

// retire gives up the nodes that wait to be started.
func (f *fleet) retire() {
	for _, n := range f.nodes {
		if n.phase == ready || n.phase == resting {
			n.phase = ended
		}
	}
}

// stop tells the nodes to end, and sees to it that they do.
func (f *fleet) stop() {
	if f.stopping {
		return
	}
	f.stopping = true
	f.retire()
	f.agenda.clear()
	f.group.Interrupt()
	f.agenda.in(killAfter, f.group.Kill)
}
