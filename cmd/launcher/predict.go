package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

func predictCommand(p *cli.Program) *cobra.Command {
	s := cli.DefaultSettings()
	var run trained
	var out sheet
	var o train.PredictOptions
	c := &cobra.Command{
		Use:   "predict --run DIR --data csv:FILE [flags]",
		Short: "Predict the rows of a table: a class and probabilities for each",
		Long: `Predict every row of a table, in the order of the file: a CSV with the row's
number from 0, the class that the model decides for, and the probability of each
class. The table needs the columns that the model was trained on; others may be
there or not, a label column too. It is read as the training file was (--missing
and the like), unless flags say otherwise.

The probabilities are corrected: what the method takes out of the class
frequencies is put back, and if the run had a validation part they were scaled
until they were right there. --prior says how frequent the classes are where the
rows come from, if that is not as in training; --raw gives them as trained. The
decision is the method's: logit adjustment decides for balanced classes, so that
the class decided for need not be the most probable one.`,
		Example: strings.ReplaceAll(`  launcher predict --run runs/fraud --data csv:new.csv > predictions.csv
  launcher predict --run runs/fraud --data csv:new.csv --prior no=0.98,yes=0.02 --output predictions.csv
  zcat new.csv.gz | launcher predict --run runs/fraud --data - --keep id --format jsonl`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.SortFlags = false
	run.addFlag(c)
	s.AddReadingFlags(c)
	f.StringSliceVar(&o.Keep, "keep", nil, "`COLUMN,...` of the table to hand on, as a key of the rows")
	f.StringVar(&o.Prior, "prior", "", "`FREQUENCIES` of the classes where the rows come from: train, balanced, or CLASS=FREQUENCY,... for each (default: what the run was for)")
	f.BoolVar(&o.Raw, "raw", false, "probabilities as trained, without correction")
	f.BoolVar(&o.Strict, "strict", false, "refuse rows with a category that the model does not know, in place of a warning")
	out.addFlags(f)
	c.RunE = cli.Do(func(ctx context.Context) error {
		if !f.Changed("data") {
			return cli.Usagef("--data is missing: the table to predict, as in csv:new.csv; - is standard input")
		}
		prior := o.Prior
		model, err := run.load(c)
		if err != nil {
			return err
		}
		o.Prior = prior // the run's own is in the model
		if s.Train.Data == "-" {
			remove, err := fromStdin(p, &s)
			if err != nil {
				return err
			}
			defer remove()
		}
		o.Cache = s.CacheDir()
		o.Warn = func(sentence string) { fmt.Fprintf(p.Stderr, "%s: warning: %s\n", p.Name(), sentence) }
		return out.write(p, func(r *rows) error { return predict(ctx, model, s.Train, o, r) })
	})
	return c
}

// fromStdin takes the rows from standard input: a file is wanted, since a row
// may tell what kind the cells of an earlier one are.
func fromStdin(p *cli.Program, s *cli.Settings) (remove func(), err error) {
	dir, err := os.MkdirTemp("", "ballast-predict")
	if err != nil {
		return nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path := filepath.Join(dir, "stdin")
	file, err := os.Create(path)
	if err == nil {
		_, err = io.Copy(file, p.Stdin)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		remove()
		return nil, fmt.Errorf("standard input: %w", err)
	}
	s.Train.Data = "csv:" + path
	return remove, nil
}

// predict writes a row for each row of the table.
func predict(ctx context.Context, model string, cfg train.Config, o train.PredictOptions, r *rows) error {
	var names []string
	return train.Predict(ctx, model, cfg, o, func(classes []string) error {
		names = classes
		head := append([]string{"row"}, o.Keep...)
		head = append(head, "predicted")
		for _, name := range classes {
			head = append(head, "p_"+name)
		}
		return r.begin(head...)
	}, func(v train.Prediction) error {
		line := []any{v.Row}
		for _, text := range v.Kept {
			line = append(line, text)
		}
		if v.Confident {
			line = append(line, names[v.Class])
		} else {
			line = append(line, nil)
		}
		for _, x := range v.Probs {
			line = append(line, x)
		}
		return r.add(line...)
	})
}
