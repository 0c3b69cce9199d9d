package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/ballast-ml/ballast/internal/cli"
)

// detachedError says that the launcher has let its nodes go, which is the end
// of its work but not of theirs.
type detachedError struct {
	nodes []*member
	pids  []int // theirs
	out   string
}

func (e *detachedError) Error() string { return "the nodes train on without their launcher" }

// maybeDetach lets the nodes go if that is wanted and all that are left have
// found each other.
func (f *fleet) maybeDetach() {
	waits := func(n *member) bool { return n.alive() && !n.onRing }
	if f.settings.Detach && !f.stopping && slices.ContainsFunc(f.nodes, (*member).alive) && !slices.ContainsFunc(f.nodes, waits) {
		f.detached = true
	}
}

// letGo lets the nodes go, and returns what to tell about them.
func (f *fleet) letGo() error {
	e := &detachedError{out: f.settings.Out}
	pids := f.group.PIDs()
	for number, n := range f.children {
		if n.phase == running {
			e.nodes, e.pids = append(e.nodes, n), append(e.pids, pids[number])
		}
	}
	f.group.Release()
	return e
}

// print tells which nodes train on, and how to ask and to stop them.
func (e *detachedError) print(p *cli.Program) error {
	var b bytes.Buffer
	kill := ""
	for i, n := range e.nodes {
		if n.place.remote() {
			fmt.Fprintf(&b, "%s is on %s\n", n.name, n.place.host)
			continue
		}
		fmt.Fprintf(&b, "%s is process %d\n", n.name, e.pids[i])
		kill += fmt.Sprintf(" %d", e.pids[i])
	}
	fmt.Fprintf(&b, "the run goes on in %s, its logs are in %s/logs\n", e.out, e.out)
	fmt.Fprintf(&b, "# how it is\n%s status --run %s\n", call(p), e.out)
	if kill != "" {
		fmt.Fprintf(&b, "# the end of the nodes here, with a checkpoint\nkill -TERM%s\n", kill)
	}
	_, err := p.Stdout.Write(b.Bytes())
	return err
}
