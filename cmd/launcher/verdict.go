package main

import (
	"errors"
	"fmt"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/proc"
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
	default:
		return fmt.Errorf("%s (process %d) %s%s", e.exit.Name, e.exit.PID, e.exit, where)
	}
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
