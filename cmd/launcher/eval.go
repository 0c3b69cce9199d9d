package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/train"
)

// evaluateFunc evaluates the model in a file on the test part of the data that
// the configuration names.
type evaluateFunc func(ctx context.Context, model string, cfg train.Config, o train.EvaluateOptions) (train.Summary, error)

func evalCommand(p *cli.Program, eval evaluateFunc) *cobra.Command {
	s := cli.DefaultSettings()
	var run trained
	var asJSON bool
	var o train.EvaluateOptions
	c := &cobra.Command{
		Use:   "eval --run DIR [flags]",
		Short: "Evaluate the model of a run on its test data",
		Long: `Evaluate the model of a run on its test data, or on other data of its kind.

The model comes from model.safetensors in the run directory, with how its input
is prepared; which rows are the test part comes from config.yaml beside it, and
from the flags, which win.`,
		Example: strings.ReplaceAll(`  launcher eval --run runs/first
  launcher eval --run runs/first --data idx:/elsewhere/fashion-mnist --json
  launcher eval --run runs/first --figures recall@precision=0.9 --bootstrap 1000`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	run.addFlag(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, as in summary.json")
	c.Flags().StringSliceVar(&o.Figures, "figures", nil, "`NAMES` of figures to report besides: recall@precision=0.9, recall@fpr=0.01, recall@top=100, precision@top=0.01")
	c.Flags().IntVar(&o.Bootstrap, "bootstrap", 0, "`NUMBER` of bootstrap samples for 95 % intervals, as in 1000; 0 gives none")
	c.Flags().Float64Var(&o.TauNorm, "tau-norm", 0, "divide the last layer's weights of each class by the power `TAU` of their length, up to 1: for models trained without regard to rare classes; 0 leaves them")
	s.AddDataFlags(c)
	c.RunE = cli.Do(func(ctx context.Context) error {
		model, err := run.load(c)
		if err != nil {
			return err
		}
		if !(o.TauNorm >= 0 && o.TauNorm <= 1) {
			return cli.Usagef("--tau-norm %v: want a number from 0 to 1", o.TauNorm)
		}
		if o.Bootstrap < 0 {
			return cli.Usagef("--bootstrap %d: want at least 0", o.Bootstrap)
		}
		o.Cache = s.CacheDir()
		summary, err := eval(ctx, model, s.Train, o)
		if err != nil {
			return err
		}
		return printEvaluation(p, summary, asJSON)
	})
	return c
}

// outcome is what an evaluation prints as JSON: the fields of summary.json
// that it has found out.
type outcome struct {
	ModelSHA256 string                   `json:"model_sha256"`
	Method      string                   `json:"method"`
	Classes     []string                 `json:"classes"`
	Test        train.Metrics            `json:"test"`
	TestGroups  map[string]train.Metrics `json:"test_groups,omitempty"`
	Val         *train.Metrics           `json:"val,omitempty"`
}

func printEvaluation(p *cli.Program, s train.Summary, asJSON bool) error {
	var b bytes.Buffer
	if asJSON {
		text, err := json.MarshalIndent(outcome{s.ModelSHA256, s.Method, s.Classes, s.Test, s.TestGroups, s.Val}, "", "  ")
		if err != nil {
			return err
		}
		b.Write(append(text, '\n'))
	} else {
		runs := []report.Run{{Title: "model", Summary: s}}
		report.Recalls(&b, runs)
		fmt.Fprintln(&b)
		report.Quality(&b, runs)
		report.Groups(&b, s)
		fmt.Fprintf(&b, "\nmodel sha256 %s\n", s.ModelSHA256)
	}
	_, err := p.Stdout.Write(b.Bytes())
	return err
}
