package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/proc"
	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/train"
)

const (
	// killAfter is how long nodes have to end after SIGTERM. A person who has
	// pressed Ctrl-C waits less than two seconds.
	killAfter = 1300 * time.Millisecond
	// settleAfter is how long the cause of a lost peer may take to show: the
	// node that was lost is often one of ours, and its own end says more.
	settleAfter = 2 * time.Second
	// lateAfter is how long after the first node has finished the others may
	// take to say goodbye.
	lateAfter = 10 * time.Second
)

// fleet is the nodes of one run on this machine while they run. One goroutine,
// in run, owns it.
type fleet struct {
	launch
	view     *screen.Screen
	group    *proc.Group
	nodes    []*member
	endings  []ending
	stopping bool // the nodes were told to end
	deadline *time.Timer
	due      time.Time // the deadline; zero: none is set
	act      func()    // what happens then
}

// member is what is known about one node.
type member struct {
	name    string
	log     *nodeLog
	failed  *cli.Failed
	summary *train.Summary
}

// run starts the nodes and returns when all have ended. If ctx ends, or a node
// fails, the others are told to end, and killed if they do not.
func (l launch) run(ctx context.Context, view *screen.Screen) (train.Summary, error) {
	f := &fleet{launch: l, view: view, group: proc.NewGroup(), deadline: time.NewTimer(time.Hour)}
	f.deadline.Stop()
	defer f.group.Close()
	for _, name := range l.names() {
		f.nodes = append(f.nodes, &member{name: name, log: &nodeLog{name: name, adds: l.settings.Resumes()}})
	}
	err := f.start(0, "")
	if err == nil && len(l.settings.Join) > 0 {
		err = f.startOthers("")
	}
	if err != nil {
		return train.Summary{}, err
	}
	f.follow(ctx)
	for i := range f.endings {
		f.endings[i].log = f.member(f.endings[i].exit.Name).log.close()
	}
	if err := verdict(f.endings); err != nil {
		return train.Summary{}, err
	}
	if ctx.Err() != nil && !f.finished() {
		return train.Summary{}, context.Cause(ctx)
	}
	return f.summary()
}

// start starts node i.
func (f *fleet) start(i int, seed string) error {
	n := f.nodes[i]
	c, err := f.command(f.node(i, n.name, seed), n.log)
	if err != nil {
		return err
	}
	return f.group.Start(c)
}

// startOthers starts all nodes but the first.
func (f *fleet) startOthers(seed string) error {
	for i := 1; i < len(f.nodes); i++ {
		if err := f.start(i, seed); err != nil {
			return err
		}
	}
	return nil
}

// follow waits until every node that was started has ended.
func (f *fleet) follow(ctx context.Context) {
	interrupt, force := ctx.Done(), f.program.Force()
	for len(f.endings) < len(f.group.PIDs()) {
		select {
		case e := <-f.group.Events():
			if e.Exit != nil {
				f.ended(e.Child, *e.Exit)
			} else {
				f.said(e.Child, e.Line)
			}
		case <-interrupt:
			interrupt = nil
			f.stop()
		case <-force:
			force = nil
			f.group.Kill()
		case <-f.deadline.C:
			f.act()
		}
	}
	f.deadline.Stop()
	f.view.End()
}

// said handles a line from a node.
func (f *fleet) said(child int, line []byte) {
	n := f.nodes[child]
	observer := train.Observer{Finished: func(s train.Summary) { n.summary = &s }}
	if child == 0 {
		observer = train.Tee(f.show(), observer)
	}
	if err := cli.Dispatch(line, observer, cli.Told{Failed: func(v cli.Failed) { n.failed = &v }}); err != nil {
		fmt.Fprintf(n.log, "%s\n", line) // something it printed: not lost, and not ours
	}
}

// show is what the person sees of the first node.
func (f *fleet) show() train.Observer {
	return train.Observer{
		DataReady: func(v train.DataReady) {
			f.tell("%s: %d training rows, %d test rows, %d classes (%.2f s)", v.Name, v.Train, v.Test, v.Classes, v.Seconds)
		},
		Joined: func(v train.Joined) {
			if len(f.settings.Join) > 0 {
				return
			}
			if f.settings.NNodes.Min > 1 {
				f.view.Note("machines to wait for: %d; on each, the same command with --join %s", f.settings.NNodes.Min-1, v.Addr)
			}
			if err := f.startOthers(v.Addr); err != nil {
				f.nodes[0].failed = &cli.Failed{Message: err.Error(), Code: cli.ExitFailed}
				f.stop()
			}
		},
		RingFormed: func(v train.RingFormed) {
			f.tell("ring of %d nodes formed in %.2f s%s", len(v.Names), v.Seconds, uneven(f.settings.Train.Shards, len(v.Names)))
			for _, n := range f.nodes {
				if err := n.log.open(filepath.Join(f.settings.Out, "logs")); err != nil {
					f.view.Note("the log of %s cannot be kept: %v", n.name, err)
				}
			}
		},
		StepDone:  f.view.StepDone,
		Evaluated: f.view.Evaluated,
	}
}

// tell prints a line for the person, unless it was there for an earlier run.
func (f *fleet) tell(format string, args ...any) {
	if !f.again {
		f.view.Note(format, args...)
	}
}

// uneven tells what is lost if the shards cannot be shared evenly.
func uneven(shards, nodes int) string {
	most := (shards + nodes - 1) / nodes
	if most*nodes == shards {
		return ""
	}
	return fmt.Sprintf(" (%d shards on %d nodes are uneven: %d %% efficiency at best)", shards, nodes, 100*shards/(most*nodes))
}

// ended notes the end of a node and decides what becomes of the others.
func (f *fleet) ended(child int, x proc.Exit) {
	n := f.nodes[child]
	e := ending{exit: x, failed: n.failed, crash: n.log.crashed(), finished: n.summary != nil, asked: f.stopping}
	f.endings = append(f.endings, e)
	switch e.blame() {
	case culprit:
		f.stop()
	case bystander:
		f.later(settleAfter, f.stop)
	case innocent:
		f.later(lateAfter, f.stop)
	}
}

// later sees to it that act happens after d, unless something is to happen
// before that or the nodes are ending already.
func (f *fleet) later(d time.Duration, act func()) {
	due := time.Now().Add(d)
	if f.stopping || !f.due.IsZero() && f.due.Before(due) {
		return
	}
	f.due, f.act = due, act
	f.deadline.Reset(d)
}

// stop tells the nodes to end, and sees to it that they do.
func (f *fleet) stop() {
	if f.stopping {
		return
	}
	f.stopping = true
	f.group.Terminate()
	f.act = f.group.Kill
	f.deadline.Reset(killAfter)
}

func (f *fleet) member(name string) *member {
	for _, n := range f.nodes {
		if n.name == name {
			return n
		}
	}
	panic("launcher: no node " + name)
}

// finished tells that every node has done the whole run.
func (f *fleet) finished() bool {
	for _, n := range f.nodes {
		if n.summary == nil {
			return false
		}
	}
	return true
}

// summary returns the summary on which all nodes agree.
func (f *fleet) summary() (train.Summary, error) {
	if !f.finished() {
		return train.Summary{}, errors.New("the nodes ended without a model, and without an error: please report this")
	}
	first := f.nodes[0].summary
	for _, n := range f.nodes {
		if n.summary.ModelSHA256 != first.ModelSHA256 {
			return train.Summary{}, fmt.Errorf("%s ended with the model %s and %s with %s: they must be equal; please report this",
				f.nodes[0].name, first.ModelSHA256, n.name, n.summary.ModelSHA256)
		}
	}
	return *first, nil
}
