package main

import (
	"slices"
	"time"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/ssh"
)

// fate is what becomes of a node that has ended.
type fate int

const (
	over  fate = iota // it has done what it should, or what it was told
	again             // it is started again
	down              // it stays down, and the others go on
	fatal             // the run has failed
)

// circumstances are what decides on the fate of a node beside its ending.
type circumstances struct {
	restarts int  // how often it was started again before
	spent    int  // how many of its restarts that has left it without
	most     int  // how many it has
	formed   bool // there has been a ring in this run
	finished bool // another node has done the whole run
	others   int  // nodes that run or are to be started again
}

// fate decides. A crash is met with another start, as long as there are any
// left. What a node says itself, of its input or its numbers, another start
// would only say again; so it would before there was any ring, where nothing
// has changed since. After the end of the run nobody is started, and nobody is
// blamed who does not blame himself.
func (e ending) fate(c circumstances) fate {
	f := e.leaning(c)
	switch {
	case f == again && c.finished:
		return down
	case f == again && c.spent >= c.most:
		f = down
	}
	if f == down && c.others == 0 && !c.finished {
		return fatal
	}
	return f
}

// leaning decides as if there were always another start, and other nodes.
func (e ending) leaning(c circumstances) fate {
	own := e.failed != nil && !e.failed.Lost
	far := e.host != "" && e.failed == nil && !e.finished
	switch {
	case e.asked, e.left:
		return over
	case e.finished && own:
		return fatal // the model is there, but not all of what belongs to it
	case e.finished:
		return over
	case own && e.failed.Numeric:
		return fatal
	case own && e.failed.Code == cli.ExitInterrupted:
		return down // somebody has ended this one
	case own && e.failed.Code == cli.ExitUsage && c.restarts > 0:
		return down // what it needs is not there any more, but the others have it
	case own && (e.failed.Code == cli.ExitUsage || !c.formed):
		return fatal
	case far && e.exit.Code == ssh.Failed && e.met:
		return down // out of our sight, but it trains on for all that we know
	case far && e.absent() && c.restarts == 0:
		return fatal // nobody there, or nothing to run
	default:
		return again
	}
}

// absent tells that an ssh has not come as far as to start the node.
func (e ending) absent() bool {
	return !e.met && slices.Contains([]int{ssh.Failed, notExecutable, notFound}, e.exit.Code)
}

// The exit codes of a shell that cannot run a command.
const (
	notExecutable = 126
	notFound      = 127
)

const (
	firstPause = 500 * time.Millisecond
	longPause  = 8 * time.Second
)

// pause returns how long to wait before a node is started again that has spent
// so many restarts: it doubles, since what ends a node twice may take longer.
func pause(spent int) time.Duration {
	d := firstPause
	for ; spent > 0 && d < longPause; spent-- {
		d *= 2
	}
	return min(d, longPause)
}
