package main

import (
	"context"

	"github.com/ballast-ml/ballast/internal/cli"
)

// spool has the nodes read standard input, from a file in the run directory that
// grows. What goes wrong with it ends the context that is returned.
func (l *launch) spool(ctx context.Context) (context.Context, error) {
	s := l.settings
	switch {
	case !l.alone():
		return ctx, cli.Usagef("--data %s: standard input is that of this machine: with nodes on others, have the rows written as files into a directory that all of them see, and read it by --data csv:DIR", s.Train.Data)
	case s.Detach:
		return ctx, cli.Usagef("--data %s does not go with --detach: the launcher reads standard input", s.Train.Data)
	}
	spool, err := cli.OpenSpool(s.Out, s.Resumes())
	if err != nil {
		return ctx, err
	}
	l.settings.Train.Data = spool.Data()
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { // it ends with the program at the latest: a read from a pipe cannot be called off
		if err := spool.Fill(ctx, l.program.Stdin); err != nil {
			cancel(err)
		}
	}()
	return ctx, nil
}
