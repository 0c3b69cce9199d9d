package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/train"
)

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
  openssl rand -hex 32 > job.secret       # once; then here, and on another machine:
  %[1]s --listen :7700 --nnodes 2 --job-secret-file job.secret
  %[1]s --join host-a:7700 --nnodes 2 --job-secret-file job.secret`, call),
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
		if err := s.SettleStream(origins); err != nil {
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
	journal, err := openLog(s, view, p.screenMode(s) == screen.TTY)
	if err != nil {
		return err
	}
	if s.OpenToStrangers(secret) {
		view.Note(StrangersNote)
	}
	view.Begin(s.Train.Method)
	options, err := Handover{Settings: s, Secret: secret, Config: config}.options()
	if err != nil {
		return errors.Join(err, journal.close())
	}
	ring := 0
	options.Observe = train.Tee(watch(view), train.Observer{
		RingFormed: func(v train.RingFormed) { ring = len(v.Names) },
	})
	unpublish, err := publish(ctx, s, false, &options, journal.Logger)
	if err != nil {
		return errors.Join(err, journal.close())
	}
	if options.Metrics != "" {
		view.Note("figures for Prometheus are at %s", options.Metrics)
	}
	summary, err := p.train(ctx, s, options, journal, lifeline{})
	if err = errors.Join(err, unpublish(), journal.close()); err != nil && !errors.Is(err, train.ErrDrained) {
		return err
	}
	view.Close()
	if err != nil {
		view.Note("%s; to go on with it here: --resume auto --out %s", departure(ring), s.Out)
		return nil
	}
	p.PrintRun(summary, s.Out)
	return nil
}

// departure says what a node that has left the run leaves behind.
func departure(ring int) string {
	if ring > 1 {
		return "this node has left the run, and the others go on"
	}
	return "the run is stopped"
}

// launchedNode runs a node that a launcher has started: it writes events for
// the launcher, which shows them.
func (p *Program) launchedNode(ctx context.Context) error {
	// A launcher that is gone is told by the lifeline; a write to it must not
	// end the node before it has read that.
	signal.Ignore(syscall.SIGPIPE)
	events := NewReporter(p.Stdout, time.Now)
	err := p.handedOver(ctx, events)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, train.ErrDrained):
		events.Left()
		return nil
	case context.Cause(ctx) != nil && !errors.Is(err, ErrOrphaned):
		err = context.Cause(ctx)
	}
	events.Failed(err)
	return &ToldError{err}
}

func (p *Program) handedOver(ctx context.Context, events *Reporter) error {
	h, line, err := receive(p.Stdin)
	if err != nil {
		return err
	}
	h.shareCores(p.Getenv)
	if p.signals != nil {
		p.signals.hasLauncher()
	}
	if file := h.Settings.LogFile; file != "" { // beside the run directory's other files, first of them
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return Usagef("--log-file: %w", err)
		}
	}
	journal, err := openLog(h.Settings, p.Stderr, false)
	if err != nil {
		return err
	}
	if h.Outlives {
		line.outlives = h.Settings.StartTimeout
	}
	options, err := h.options()
	if err != nil {
		return errors.Join(err, journal.close())
	}
	options.Observe = events.Observer()
	unpublish, err := publish(ctx, h.Settings, h.Again, &options, journal.Logger)
	if err != nil {
		return errors.Join(err, journal.close())
	}
	if options.Metrics != "" {
		events.Serving(Serving{options.Metrics})
	}
	_, err = p.train(ctx, h.Settings, options, journal, line)
	return errors.Join(err, unpublish(), journal.close())
}
