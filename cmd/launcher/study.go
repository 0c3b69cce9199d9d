package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/internal/cli/study"
	"github.com/ballast-ml/ballast/train"
)

// studying is what the commands that train many models have in common.
type studying struct {
	program  *cli.Program
	settings cli.Settings
	out      string
	seeds    string
	parallel int
}

func (y *studying) addFlags(c *cobra.Command, seeds string) {
	f := c.Flags()
	f.StringVar(&y.out, "out", "", "`DIR` for results; given again, what is finished in it is not trained again (default runs/COMMAND-DATA-TIME)")
	f.StringVar(&y.seeds, "seeds", seeds, "`NUMBER` of seeds, from --seed on; or a list of them, as in 0,1,2")
	f.IntVar(&y.parallel, "parallel", 0, "`NUMBER` of models to train at once; 0 is one for two cores")
	y.settings.AddModelFlags(c)
}

// begin reads the settings and makes the grid whose progress view shows.
func (y *studying) begin(c *cobra.Command, what string) (*study.Grid, []uint64, *screen.Screen, cli.Origins, error) {
	origins, err := cli.Load(c.Flags(), y.program.Environ)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if err := y.settings.SettleStream(origins); err != nil {
		return nil, nil, nil, nil, err
	}
	seeds, err := parseSeeds(y.seeds, y.settings.Train.Seed)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if y.out == "" {
		y.out = cli.DefaultOut(y.settings.Train.Data, what, time.Now())
	}
	if y.parallel < 0 {
		return nil, nil, nil, nil, cli.Usagef("--parallel %d: want at least 0", y.parallel)
	}
	if y.parallel == 0 {
		y.parallel = max(1, cores()/2)
	}
	y.settings.Progress = "plain"
	view := y.program.NewScreen(y.settings)
	monitor := y.settings.Train.Monitor
	g := &study.Grid{
		Dir: filepath.Join(y.out, "cells"), Parallel: y.parallel, Cache: y.settings.CacheDir(),
		Progress: func(done, of int, c study.Cell, r study.Result, earlier bool) {
			if !earlier {
				view.Note("%d/%d %s: %s", done, of, c.Title(), told(r, monitor))
			}
		},
	}
	return g, seeds, view, origins, nil
}

// told says in a few words what a model is worth: on the validation part, if
// there is one.
func told(r study.Result, figure string) string {
	part, m := "test", r.Summary.Test
	if r.Summary.Val != nil {
		part, m = "validation", *r.Summary.Val
	}
	v, ok := m.Value(figure)
	if !ok {
		return fmt.Sprintf("%.1f s", r.Seconds)
	}
	return fmt.Sprintf("%s %s %.4f, %.1f s", part, strings.ReplaceAll(figure, "_", " "), v, r.Seconds)
}

// parseSeeds reads a number of seeds, or a list of at least two with commas.
func parseSeeds(text string, first uint64) ([]uint64, error) {
	var seeds []uint64
	words := strings.Split(text, ",")
	for _, word := range words {
		n, err := strconv.ParseUint(strings.TrimSpace(word), 10, 64)
		if err != nil || len(words) == 1 && (n < 1 || n > 1000) {
			return nil, cli.Usagef("--seeds %s: want a number from 1 to 1000, or a list of seeds, as in 0,1,2", text)
		}
		seeds = append(seeds, n)
	}
	if len(words) > 1 {
		return seeds, nil
	}
	n := seeds[0]
	seeds = seeds[:0]
	for i := range n {
		seeds = append(seeds, first+i)
	}
	return seeds, nil
}

func compareCommand(p *cli.Program) *cobra.Command {
	y := &studying{program: p, settings: cli.DefaultSettings()}
	var methods, rivals string
	c := study.Comparison{}
	cmd := &cobra.Command{
		Use:   "compare --methods METHOD,... [flags]",
		Short: "Compare methods on your data, over seeds",
		Long: `Train every method with every seed and compare them: means and deviations of all
figures, and for each method the paired differences to plain training and to
what it stands on, with their tests. Plain training and the base loss alone are
added to the methods, since a gain without them says nothing.

All models of a seed have the same rows and the same start. With --trials N each
method gets N settings (learning rate, weight decay and its own options), the
given ones first, and those count that are best on the validation part: the same
budget for all. Nothing is chosen on test rows.

--split leave:COLUMN leaves out each value of a column in turn, to see how models do
on a site, a country or a season that training has not seen: figures by value, their
mean and the worst.

--rivals FILE adds rows with settings of their own, in place of those given, and
compares the methods with them: linear: {model: logistic, embed: none}

Models train in this process, several at once. The bits are those of any run of
the same settings. Results are in DIR/compare.md, .csv, .tex and .svg; a
comparison that was interrupted goes on if it is given the same --out.`,
		Example: strings.ReplaceAll(`  launcher compare --data csv:fraud.csv --label class --methods la,absgd+la --seeds 5
  launcher compare --data idx:DIR --long-tail 100 --methods cb,la,absgd+la --seeds 3 --epochs 20
  launcher compare --data csv:fraud.csv --methods la,absgd+la --trials 8 --val-fraction 0.2 --out runs/tuned`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&methods, "methods", "", "`METHOD,...` to compare, as in cb,la,absgd[lambda=3@0.6]+la (default: the one of --method or --config)")
	cmd.Flags().StringVar(&rivals, "rivals", "", "YAML `FILE` of other settings to compare with: NAME: {FLAG: VALUE, ...} on each line")
	cmd.Flags().IntVar(&c.Trials, "trials", 1, "`NUMBER` of settings to try for each method")
	cmd.Flags().StringSliceVar(&c.Figures, "figures", nil, "`NAMES` of figures besides: recall@precision=0.9, recall@fpr=0.01, recall@top=100, precision@top=0.01")
	y.addFlags(cmd, "5")
	cmd.RunE = cli.Do(func(ctx context.Context) error {
		g, seeds, view, origins, err := y.begin(cmd, "compare")
		if err != nil {
			return err
		}
		defer view.Close()
		if methods == "" && origins["method"] != cli.FromDefault {
			methods = y.settings.Train.Method
		}
		if methods == "" {
			return cli.Usagef("--methods is missing: the methods to compare, as in --methods cb,la,absgd+la")
		}
		if rivals != "" {
			if c.Rivals, err = cli.ReadRivals(rivals, y.settings.Train); err != nil {
				return err
			}
		}
		c.Base, c.Seeds, c.Methods = y.settings.Train, seeds, train.SplitMethods(methods)
		table, err := c.Run(ctx, g)
		if err != nil {
			return err
		}
		if err := table.Write(y.out); err != nil {
			return err
		}
		view.Close()
		var b strings.Builder
		if err := table.Markdown(&b); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\nWritten to %s: compare.md, compare.csv, compare.tex, compare.svg\n", filepath.Clean(y.out))
		_, err = p.Stdout.Write([]byte(b.String()))
		return err
	})
	return cmd
}

func tuneCommand(p *cli.Program) *cobra.Command {
	y := &studying{program: p, settings: cli.DefaultSettings()}
	s := study.Search{Trials: 16, Keep: 3}
	var space string
	cmd := &cobra.Command{
		Use:   "tune --val-fraction F [flags]",
		Short: "Search settings for one method on a validation part",
		Long: `Search the learning rate, the weight decay and the method's own options by
successive halving: many settings are trained for few epochs, the best third of
them for three times as many, and so on. Settings are judged by --monitor on the
validation part, averaged over --seeds; test rows decide nothing. Each round is a
whole run with its schedules, so the best may be one of fewer epochs.

--space FILE names what to search instead, by the names of flags: a list of
values, or a range whose logarithm is drawn from evenly.

  lr: 0.0005..0.008
  embed: [none, ple:32, "ple:16,8"]

Models train in this process, several at once; the outcome does not depend on
how many. DIR/best.yaml holds the settings that won, for launcher run --config,
and DIR/tune.md all candidates. A search that was interrupted goes on if it is
given the same --out.`,
		Example: strings.ReplaceAll(`  launcher tune --data csv:fraud.csv --label class --method absgd+la --val-fraction 0.2 --out runs/search
  launcher run --config runs/search/best.yaml --data csv:fraud.csv`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&space, "space", "", "YAML `FILE` of what to search, in place of the usual")
	cmd.Flags().IntVar(&s.Trials, "trials", s.Trials, "`NUMBER` of settings to begin with, the given ones first")
	cmd.Flags().IntVar(&s.Keep, "keep", s.Keep, "one in `NUMBER` goes on to the next round, which has so many times the epochs")
	cmd.Flags().IntVar(&s.Rounds, "rounds", 0, "`NUMBER` of rounds; 0 chooses")
	y.addFlags(cmd, "1")
	cmd.RunE = cli.Do(func(ctx context.Context) error {
		g, seeds, view, origins, err := y.begin(cmd, "tune")
		if err != nil {
			return err
		}
		defer view.Close()
		s.Base, s.Seeds = y.settings.Train, seeds
		if space != "" {
			if s.Space, err = cli.ReadSpace(space); err != nil {
				return err
			}
		}
		found, err := s.Run(ctx, g)
		if err != nil {
			return err
		}
		y.settings.Train = found.Best()
		for _, name := range append(s.Varied(), "epochs", "warmup") {
			origins[name] = "tune"
		}
		if err := found.Write(y.out, y.settings.ModelYAML(origins)); err != nil {
			return err
		}
		view.Close()
		var b strings.Builder
		if err := found.Markdown(&b, 10); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\nThe settings that won: %s\n", filepath.Join(y.out, "best.yaml"))
		_, err = p.Stdout.Write([]byte(b.String()))
		return err
	})
	return cmd
}
