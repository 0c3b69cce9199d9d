package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/proc"
	"github.com/ballast-ml/ballast/internal/cli/ssh"
	"github.com/ballast-ml/ballast/train"
)

// ending is how one node ended and what is known about why.
type ending struct {
	exit     proc.Exit
	failed   *cli.Failed // what it said itself
	crash    string      // the first line of its crash
	log      string      // where its log is
	finished bool        // it had done the whole run
	left     bool        // it had left the run, as it was asked to
	asked    bool        // the launcher had told it to end before it did

	host string // that it was on, if that is not this machine
	met  bool   // it had started, and told its address
	said string // the last thing in its log that is not the log's: ssh's own words
}

// The kinds of an ending, the more telling the smaller.
type blame int

const (
	culprit   blame = iota // failed by itself, crashed, or was killed
	bystander              // stopped because another node was lost
	innocent               // did what it should, or what it was told
)

func (e ending) blame() blame {
	ok := e.exit.Err == nil && e.exit.Signal == 0 && e.exit.Code == cli.ExitOK
	switch {
	case e.finished && (ok || e.asked), e.left:
		return innocent
	case e.failed != nil && e.failed.Code == cli.ExitInterrupted && e.asked:
		return innocent
	case e.failed != nil && e.failed.Lost:
		return bystander
	case e.failed != nil || e.crash != "":
		return culprit
	case e.asked:
		return innocent
	default:
		return culprit
	}
}

// err returns the ending as an error for the person at the terminal.
func (e ending) err() error {
	where := ""
	if e.log != "" {
		where = "; its log is " + e.log
	}
	switch {
	case e.failed != nil && e.failed.Code == cli.ExitUsage:
		return &train.UsageError{Err: errors.New(e.failed.Message)} // every node would say the same
	case e.failed != nil:
		return fmt.Errorf("%s: %s%s", e.exit.Name, e.failed.Message, where)
	case e.crash != "":
		return fmt.Errorf("%s crashed: %s%s", e.exit.Name, e.crash, where)
	case e.host != "" && e.exit.Code == ssh.Failed && e.met:
		return fmt.Errorf("%s is out of sight (%s), and may train on there%s", e.exit.Name, reasonOf(e.exit, e.said), where)
	case e.host != "" && e.exit.Code == ssh.Failed:
		return fmt.Errorf("%s: %s%s", e.host, reasonOf(e.exit, e.said), where)
	case e.host != "" && e.absent():
		return fmt.Errorf("%s: this program does not run there: %s; --push copies it there%s", e.host, reasonOf(e.exit, e.said), where)
	case e.host != "":
		return fmt.Errorf("%s on %s %s%s", e.exit.Name, e.host, endOf(e.exit), where)
	default:
		return fmt.Errorf("%s (process %d) %s%s", e.exit.Name, e.exit.PID, e.exit, where)
	}
}

// endOf describes the end of a node on another machine, of which ssh tells only
// a code: 128 and the number of the signal that has killed it.
func endOf(x proc.Exit) string {
	if x.Signal == 0 && x.Code > 128 && x.Code < 128+65 {
		return proc.Exit{Signal: syscall.Signal(x.Code - 128)}.String()
	}
	return x.String()
}

// verdict returns the error of a run that has failed, given the endings of its
// nodes in the order in which they came: the first that is nobody else's fault,
// or else the first at all; nil if there is none.
func verdict(endings []ending) error {
	for _, b := range []blame{culprit, bystander} {
		for _, e := range endings {
			if e.blame() == b {
				return e.err()
			}
		}
	}
	return nil
}
