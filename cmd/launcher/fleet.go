package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/proc"
	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/train"
)

// fleet is the nodes that this launcher has started, while they run. One
// goroutine, in run, owns it. It is no member of the run: the nodes go on
// without the one that has died, and are joined by it when it was started
// again.
type fleet struct {
	launch
	view     *screen.Screen
	group    *proc.Group
	agenda   *agenda
	nodes    []*member
	children []*member      // by the number of the process
	shows    train.Observer // to the person, of rings and of the node that is shown
	troubles train.Observer // of the other nodes

	ring      train.RingFormed // the last one that was formed
	formed    bool             // there was one
	lost      uint64           // the generation of the last one that was lost
	elsewhere []string         // addresses of its nodes that are not ours
	endings   []ending         // since it was formed
	failure   func() error     // of the run, if it has failed; asked for once all logs are closed
	stopping  bool             // the nodes were told to end
	detached  bool             // they were let go
}

// run starts the nodes and returns when all have ended. If ctx ends, or the
// run fails, they are told to end, and killed if they do not.
func (l launch) run(ctx context.Context, view *screen.Screen) (train.Summary, error) {
	f := &fleet{launch: l, view: view, group: proc.NewGroup(), agenda: newAgenda()}
	f.shows, f.troubles = f.show(), cli.Trouble(view.Note)
	defer f.group.Close()
	defer func() {
		if !f.detached {
			f.forgetAccess()
		}
	}()
	for _, p := range l.places() {
		n := &member{place: p, name: p.name()}
		n.log = &nodeLog{name: n.name, adds: l.settings.Resumes()}
		n.log.tee = shows(l.settings.Tee, n.name)
		switch {
		case n.log.tee: // asked for, so also where no progress is shown
			n.log.tell = func(line string) { _, _ = fmt.Fprintf(view, "[%s] %s\n", n.name, line) }
		case len(l.distant()) > 0:
			n.log.tell = func(line string) { view.Note("[%s] %s", n.name, line) }
		}
		f.nodes = append(f.nodes, n)
	}
	f.startReady()
	f.follow(ctx)
	for _, n := range f.nodes {
		n.log.close()
	}
	return f.result(ctx)
}

// result is what came of the run.
func (f *fleet) result(ctx context.Context) (train.Summary, error) {
	var done []*member
	for _, n := range f.nodes {
		if n.summary != nil {
			done = append(done, n)
		}
	}
	switch {
	case f.detached:
		return train.Summary{}, f.letGo()
	case f.failure != nil:
		return train.Summary{}, f.failure()
	case len(done) > 0:
		return agreed(done)
	case ctx.Err() != nil:
		return train.Summary{}, context.Cause(ctx)
	}
	if err := f.verdict(); err != nil {
		return train.Summary{}, err
	}
	if slices.ContainsFunc(f.nodes, func(n *member) bool { return n.left }) {
		return train.Summary{}, fmt.Errorf("all nodes of this machine have left the run before its end; to go on with it: --resume auto --out %s", f.settings.Out)
	}
	return train.Summary{}, errors.New("the nodes ended without a model, and without an error: please report this")
}

// agreed returns the summary that all nodes have come to.
func agreed(done []*member) (train.Summary, error) {
	first := done[0]
	for _, n := range done[1:] {
		if n.summary.ModelSHA256 != first.summary.ModelSHA256 {
			return train.Summary{}, fmt.Errorf("%s ended with the model %s and %s with %s: they must be equal; please report this",
				first.name, first.summary.ModelSHA256, n.name, n.summary.ModelSHA256)
		}
	}
	return *first.summary, nil
}

// follow waits until every node has ended for good.
func (f *fleet) follow(ctx context.Context) {
	interrupt, force := ctx.Done(), f.program.Force()
	for slices.ContainsFunc(f.nodes, (*member).alive) && !f.detached {
		select {
		case e := <-f.group.Events():
			if e.Exit != nil {
				f.ended(f.children[e.Child], *e.Exit)
			} else {
				f.said(f.children[e.Child], e.Line)
			}
		case <-interrupt:
			interrupt = nil
			f.stop()
		case <-force:
			force = nil
			f.group.Kill()
		case <-f.agenda.C():
			f.agenda.run()
		}
	}
	f.view.Waiting("")
	f.view.End()
}

// startReady starts the nodes that are ready, if they have somebody to look
// for, or are the first.
func (f *fleet) startReady() {
	for _, n := range f.nodes {
		if n.phase != ready || f.stopping {
			continue
		}
		join, ok := seeds(f.nodes, f.settings.Join, f.elsewhere)
		if !ok {
			continue
		}
		if err := f.start(n, join); err != nil {
			n.phase = ended
			f.fail(func() error { return err })
		}
	}
}

func (f *fleet) start(n *member, join []string) error {
	n.begin()
	c, err := f.command(n, f.node(n, join, f.formed))
	if err != nil {
		return err
	}
	number, err := f.group.Start(c)
	if err != nil {
		return err
	}
	f.children = append(f.children[:number], n)
	return nil
}

// said handles a line from a node.
func (f *fleet) said(n *member, line []byte) {
	observer := f.troubles
	switch {
	case f.stopping: // what follows from that is no news
		observer = train.Observer{}
	case n == f.shown():
		observer = f.shows
		observer.RingFormed, observer.RingLost = nil, nil // see learn
	}
	observer = train.Tee(f.learn(n), observer)
	told := cli.Told{
		Serving: func(v cli.Serving) { n.metrics = v.URL },
		Left:    func(cli.Left) { n.left = true },
		Failed:  func(v cli.Failed) { n.failed = &v },
	}
	if err := cli.Dispatch(line, observer, told); err != nil {
		fmt.Fprintf(n.log, "%s\n", line) // something it printed: not lost, and not ours
	}
}

// shown returns the node whose events the person sees: the first on a ring.
func (f *fleet) shown() *member {
	var first *member
	for _, n := range f.nodes {
		switch {
		case n.phase != running:
		case n.onRing:
			return n
		case first == nil:
			first = n
		}
	}
	return first
}

// learn returns what the launcher takes from a node's events for itself. Of a
// ring, the first word counts, whoever says it.
func (f *fleet) learn(n *member) train.Observer {
	return train.Observer{
		Joined: func(v train.Joined) {
			n.addr = v.Addr
			f.startReady()
		},
		RingFormed: func(v train.RingFormed) {
			n.formed(time.Now())
			defer f.maybeDetach()
			if f.formed && v.Generation <= f.ring.Generation {
				return // another node has said so
			}
			f.ring, f.formed, f.endings = v, true, nil
			f.elsewhere = beyond(f.nodes, v.Addrs)
			if !f.stopping {
				f.shows.RingFormed(v)
			}
			f.keepNotes(v.Addrs)
		},
		RingLost: func(v train.RingLost) {
			if v.Generation > f.lost && !f.stopping {
				f.lost = v.Generation
				f.shows.RingLost(v)
			}
		},
		Finished: func(v train.Summary) { n.summary = &v },
	}
}

// keepNotes gives the logs their files, and notes how to ask the ring's nodes
// how they are.
func (f *fleet) keepNotes(addrs []string) {
	for _, n := range f.nodes {
		if err := n.log.open(f.logDir()); err != nil {
			f.view.Note("the log of %s cannot be kept: %v", n.name, err)
		}
	}
	if err := f.noteAccess(addrs); err != nil {
		f.view.Note("status --run will not find this run: %v", err)
	}
}
