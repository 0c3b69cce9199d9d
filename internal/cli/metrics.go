package cli

import (
	"context"
	"errors"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"github.com/ballast-ml/ballast/internal/cli/telemetry"
	"github.com/ballast-ml/ballast/train"
)

// Serving says where a node's figures are to be had.
type Serving struct {
	URL string `json:"url"`
}

// publish serves the node's figures, if the settings say where, from before it
// trains until stop is called. A port that is in use ends a node before it has
// begun; but one that is started again in a run under way takes any free port.
func publish(ctx context.Context, s Settings, again bool, o *train.Options, log zerolog.Logger) (stop func() error, err error) {
	if s.MetricsAddr == "" {
		return func() error { return nil }, nil
	}
	figures := telemetry.NewFigures()
	server, err := telemetry.Listen(ctx, s.MetricsAddr, figures)
	if again && errors.Is(err, syscall.EADDRINUSE) {
		server, err = telemetry.Listen(ctx, telemetry.AnyPort(s.MetricsAddr), figures)
	}
	if err != nil {
		return nil, Usagef("--metrics-addr: %w", err)
	}
	o.Metrics = server.URL()
	log.Info().Str("metrics", o.Metrics).Msg("figures are served")
	o.Observe = train.Tee(o.Observe, figures.Observer())
	return server.Close, nil
}

// MetricsAt returns the address of the figures of node i of a machine: they
// count up from the one that was given, but any free port is one for each.
func (s Settings) MetricsAt(i int) (string, error) {
	if s.MetricsAddr == "" {
		return "", nil
	}
	addr, err := telemetry.Next(s.MetricsAddr, i)
	if err != nil {
		return "", Usagef("--metrics-addr %s: node %d of this machine has no port: %w: choose a lower one, or 0 for any free ones", s.MetricsAddr, i, err)
	}
	return addr, nil
}

// metricsValue is an address for figures as a flag.
type metricsValue struct{ p *string }

var _ pflag.Value = metricsValue{}

func (v metricsValue) String() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

func (v metricsValue) Set(text string) error {
	if text == "" {
		*v.p = ""
		return nil
	}
	addr, err := telemetry.Address(text)
	if err == nil {
		*v.p = addr
	}
	return err
}

func (metricsValue) Type() string { return "string" }
