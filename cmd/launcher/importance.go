package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/train"
)

func importanceCommand(p *cli.Program) *cobra.Command {
	s := cli.DefaultSettings()
	var run trained
	var asJSON bool
	o := train.ImportanceOptions{Repeats: 10, Samples: 200}
	c := &cobra.Command{
		Use:   "importance --run DIR [flags]",
		Short: "Tell which columns of a table a model leans on",
		Long: `Shuffle one column after the other among the test rows and tell what the figure
loses by it: permutation importance. The interval holds with 95 % what other test
rows and another shuffling would have given.

It is about the model, not about the world: of two columns that say the same, one
may do without the other. A drop around 0 says that the model can do without the
column as long as the others are there.`,
		Example: strings.ReplaceAll(`  launcher importance --run runs/fraud
  launcher importance --run runs/fraud --figure auroc --repeats 30 --json`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	run.addFlag(c)
	f := c.Flags()
	f.StringVar(&o.Figure, "figure", "", "`FIGURE` whose loss is told (default: that of --monitor)")
	f.IntVar(&o.Repeats, "repeats", o.Repeats, "how many `TIMES` each column is shuffled")
	f.IntVar(&o.Samples, "bootstrap", o.Samples, "`NUMBER` of bootstrap samples for the intervals")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	s.AddDataFlags(c)
	c.RunE = cli.Do(func(ctx context.Context) error {
		if o.Repeats < 1 || o.Samples < 1 {
			return cli.Usagef("--repeats %d, --bootstrap %d: want at least 1 of each", o.Repeats, o.Samples)
		}
		model, err := run.load(c)
		if err != nil {
			return err
		}
		o.Cache = s.CacheDir()
		found, err := train.Permute(ctx, model, s.Train, o)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if asJSON {
			text, err := json.MarshalIndent(found, "", "  ")
			if err != nil {
				return err
			}
			b.Write(append(text, '\n'))
		} else {
			report.Importances(&b, found)
		}
		_, err = p.Stdout.Write(b.Bytes())
		return err
	})
	return c
}
