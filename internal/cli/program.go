package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/train"
)

// TrainFunc trains on one node. It is [train.Run], or a test's stand-in.
type TrainFunc func(context.Context, train.Config, train.Options) (train.Summary, error)

// Program is a running program's way to the world outside: what a command may
// read, write and call. Tests make one of their own.
type Program struct {
	Args    []string // Args[0] is the name it was called by
	Environ []string
	Stdin   io.Reader
	Stdout  io.Writer // results
	Stderr  io.Writer // all else
	Train   TrainFunc
	Ask     AskFunc

	signals *signals // nil before Main
}

// NewProgram returns the program of this process.
func NewProgram(t TrainFunc) *Program {
	return &Program{
		Args: os.Args, Environ: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Train: t, Ask: Ask,
	}
}

// Name returns the name that people call the program by.
func (p *Program) Name() string { return filepath.Base(p.Args[0]) }

// Getenv returns a variable of the program's environment.
func (p *Program) Getenv(name string) string {
	value := ""
	for _, e := range p.Environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// Force returns a channel that is closed when the person asks for the second
// time to end: there is no time for goodbyes then. It is nil before [Main].
func (p *Program) Force() <-chan struct{} {
	if p.signals == nil {
		return nil
	}
	return p.signals.force
}

// draining returns a channel that SIGTERM closes, which does not end the
// command's context from now on. It is nil before [Main].
func (p *Program) draining() <-chan struct{} {
	if p.signals == nil {
		return nil
	}
	return p.signals.draining()
}

// Main runs the command line and returns the exit code. The first SIGINT or
// SIGTERM ends the context of the command with the cause [ErrInterrupted], but
// SIGTERM asks a node to leave; the second closes [Program.Force]. An error is
// printed last and alone.
func Main(ctx context.Context, p *Program, root *cobra.Command) int {
	ctx, caught := catch(ctx)
	defer caught.release()
	p.signals = caught
	root.SetArgs(p.Args[1:])
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(flagError)

	err := root.ExecuteContext(ctx)
	if _, ran := errors.AsType[*ranError](err); err != nil && !ran {
		if _, usage := errors.AsType[*train.UsageError](err); !usage {
			err = commandError(err) // cobra's own: an unknown command, a word too many
		}
	}
	if _, told := errors.AsType[*ToldError](err); err != nil && !told {
		fmt.Fprint(p.Stderr, message(p.Name(), err))
	}
	return ExitCode(err)
}

// ranError marks an error as one of a command that has run, as opposed to one
// of the command line.
type ranError struct{ error }

func (e *ranError) Unwrap() error { return e.error }

// Do makes a cobra RunE of a command without arguments. If the context was
// ended by a signal, that is the error, whatever came of it.
func Do(run func(context.Context) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		err := run(c.Context())
		if err != nil && errors.Is(context.Cause(c.Context()), ErrInterrupted) && !errors.Is(err, ErrOrphaned) {
			err = interrupted(err)
		}
		if err != nil {
			return &ranError{err}
		}
		return nil
	}
}

// interrupted replaces an error that followed from a signal, and keeps quiet
// about it if it was told.
func interrupted(err error) error {
	if _, told := errors.AsType[*ToldError](err); told {
		return &ToldError{ErrInterrupted}
	}
	return ErrInterrupted
}
