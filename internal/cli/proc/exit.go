package proc

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
)

// Exit is how a child ended.
type Exit struct {
	Name   string
	PID    int
	Code   int            // of a child that was not killed
	Signal syscall.Signal // that killed it; 0: none
	Err    error          // of waiting for it or reading its output; nil for any exit code
}

// String describes the end as a part of a sentence: "ended with code 3".
func (x Exit) String() string {
	switch {
	case x.Err != nil:
		return "was lost: " + x.Err.Error()
	case x.Signal != 0:
		return fmt.Sprintf("was killed by signal %d (%s)", int(x.Signal), x.Signal)
	default:
		return fmt.Sprintf("ended with code %d", x.Code)
	}
}

// describe returns how a child ended, given the error of waiting for it.
func describe(ch *child, err error) Exit {
	exit := Exit{Name: ch.Name, PID: ch.cmd.Process.Pid}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) && !errors.Is(err, exec.ErrWaitDelay) {
		exit.Err = err
	}
	if state := ch.cmd.ProcessState; state != nil {
		exit.Code, exit.Signal = state.ExitCode(), killedBy(state)
	}
	return exit
}
