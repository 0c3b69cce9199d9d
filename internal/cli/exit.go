package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/train"
)

// The exit codes of both programs. They are part of the interface: help texts
// and scripts rely on them.
const (
	ExitOK          = 0
	ExitFailed      = 1 // and whatever is not the person's fault, as a server that is down
	ExitUsage       = 2 // bad input, a bad flag, a file that is not there
	ExitOrphaned    = 3 // a node whose launcher is gone
	ExitInterrupted = 130
)

// ExitCodesHelp documents the codes at the end of a command's help.
const ExitCodesHelp = `Exit codes: 0 done, 1 failed, 2 bad input or usage, 3 (a node) its launcher is
gone, 130 interrupted.`

// ErrInterrupted is the cause of a context that a signal has ended.
var ErrInterrupted = errors.New("interrupted")

// ErrOrphaned ends a node whose launcher is gone.
var ErrOrphaned = errors.New("the launcher is gone")

// Usagef returns an error of the person who typed the command.
func Usagef(format string, args ...any) error {
	return &train.UsageError{Err: fmt.Errorf(format, args...)}
}

// ToldError marks an error that somebody has been told of already: the
// program ends with its code and prints nothing.
type ToldError struct{ Err error }

func (e *ToldError) Error() string { return e.Err.Error() }
func (e *ToldError) Unwrap() error { return e.Err }

// ExitCode returns the code that a program ends with after err.
func ExitCode(err error) int {
	_, usage := errors.AsType[*train.UsageError](err)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrOrphaned):
		return ExitOrphaned
	case errors.Is(err, ErrInterrupted):
		return ExitInterrupted
	case usage:
		return ExitUsage
	default:
		return ExitFailed
	}
}

// message returns what is printed of an error: the one thing, or a list if
// several things are wrong at once.
func message(program string, err error) string {
	list := parts(err)
	if len(list) == 1 {
		return program + ": " + strings.TrimSpace(list[0]) + "\n"
	}
	return fmt.Sprintf("%s: %d things are wrong:\n  %s\n", program, len(list), strings.Join(list, "\n  "))
}

// parts returns the messages of the errors that [errors.Join] has put
// together, or the one of any other error.
func parts(err error) []string {
	if usage, ok := err.(*train.UsageError); ok {
		err = usage.Err
	}
	if ran, ok := err.(*ranError); ok {
		return parts(ran.error)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var list []string
	for _, e := range joined.Unwrap() {
		list = append(list, parts(e)...)
	}
	if strings.Join(list, "\n") != err.Error() {
		return []string{err.Error()} // one sentence around several errors
	}
	return list
}

// commandError makes one line of cobra's error about an unknown command.
func commandError(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	text, near, found := strings.Cut(text, " Did you mean this? ")
	if found {
		near, _, _ = strings.Cut(near, " ")
		text += suggest(near)
	}
	return &train.UsageError{Err: errors.New(text)}
}
