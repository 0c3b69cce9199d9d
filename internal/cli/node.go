package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/train"
)

// Grace is how long a node that was told to end may take before it ends
// anyway; a launcher waits longer, and a person at most two seconds.
const Grace = time.Second

// NodeCommand returns the command that runs one node. call is how a person
// types it: a program of its own, or a command of the launcher.
func NodeCommand(p *Program, call string) *cobra.Command {
	s := DefaultSettings()
	var handover bool
	c := &cobra.Command{
		Use:   call[strings.LastIndexByte(call, ' ')+1:] + " [flags]",
		Short: "Run one node: train together with the nodes it finds, or alone",
		Long: `Run one node: train together with the nodes it finds, or alone.

Started with the same settings in several terminals, on one machine or on many,
in any order, nodes find each other through --join and train one model, whose
bits do not depend on how many they are.`,
		Example: fmt.Sprintf(`  %[1]s                                  # a lone node, on the built-in data
  %[1]s --listen :7700 --nnodes 2        # here, and on another machine:
  %[1]s --join host-a:7700 --nnodes 2
  %[1]s --join host-a:7700,host-b:7700 --data idx:fashion-mnist --long-tail 100`, call),
		Args: cobra.NoArgs,
	}
	s.AddFlags(c, ForNode)
	c.Flags().BoolVar(&handover, HandoverFlag, false, "read the settings from standard input")
	if err := c.Flags().MarkHidden(HandoverFlag); err != nil {
		panic("cli: " + err.Error())
	}
	c.RunE = Do(func(ctx context.Context) error {
		if handover {
			return p.launchedNode(ctx)
		}
		origins, err := Load(c.Flags(), p.Environ)
		if err != nil {
			return err
		}
		return p.node(ctx, s, ConfigYAML(s.Flags(ForNode), origins))
	})
	return c
}

// node runs a node that a person has started.
func (p *Program) node(ctx context.Context, s Settings, config []byte) error {
	if err := s.Validate(ForNode); err != nil {
		return err
	}
	secret, err := ReadSecret(s.SecretFile, p.Environ)
	if err != nil {
		return err
	}
	if s.Out == "" {
		s.Out = DefaultOut(s.Train.Data, s.Train.Method, time.Now())
	}
	view := p.NewScreen(s)
	defer view.Close()
	log, done, err := openLog(s, view, p.screenMode(s) == screen.TTY)
	if err != nil {
		return err
	}
	if s.OpenToStrangers(secret) {
		view.Note(StrangersNote)
	}
	view.Begin(s.Train.Method)
	options := Handover{Settings: s, Secret: secret, Config: config}.options()
	options.Observe = watch(view)
	summary, err := p.train(ctx, s, options, log)
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	view.Close()
	p.PrintRun(summary, s.Out)
	return nil
}

// launchedNode runs a node that a launcher has started: it writes events for
// the launcher, which shows them.
func (p *Program) launchedNode(ctx context.Context) error {
	// A launcher that is gone is told by the lifeline; a write to it must not
	// end the node before it has read that.
	signal.Ignore(syscall.SIGPIPE)
	events := NewReporter(p.Stdout, time.Now)
	err := p.handedOver(ctx, events)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, ErrOrphaned) {
			err = cause
		}
		events.Failed(err)
		return &ToldError{err}
	}
	return nil
}

func (p *Program) handedOver(ctx context.Context, events *Reporter) error {
	ctx, h, orphaned, err := receive(ctx, p.Stdin)
	if err != nil {
		return err
	}
	log, done, err := openLog(h.Settings, p.Stderr, false)
	if err != nil {
		return err
	}
	options := h.options()
	options.Observe = events.Observer()
	_, err = p.train(ctx, h.Settings, options, log)
	if err != nil && orphaned() {
		err = ErrOrphaned
	}
	return errors.Join(err, done())
}

// train trains, and returns at the latest a moment after ctx has ended: what
// does not stop when it is told to ends with the process.
func (p *Program) train(ctx context.Context, s Settings, o train.Options, log zerolog.Logger) (train.Summary, error) {
	o.Log = log
	type outcome struct {
		summary train.Summary
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		summary, err := p.Train(ctx, s.Train, o)
		done <- outcome{summary, err}
	}()
	select {
	case out := <-done:
		return out.summary, out.err
	case <-ctx.Done():
	}
	late := time.NewTimer(Grace)
	defer late.Stop()
	select {
	case out := <-done:
		return out.summary, out.err
	case <-late.C:
	case <-p.force:
	}
	return train.Summary{}, context.Cause(ctx)
}
