package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

func predictCommand(p *cli.Program) *cobra.Command {
	s := cli.DefaultSettings()
	var dir, output string
	var o train.PredictOptions
	c := &cobra.Command{
		Use:   "predict --run DIR --data csv:FILE [flags]",
		Short: "Predict the rows of a table: a class and probabilities for each",
		Long: `Predict every row of a table, in the order of the file: a CSV with the row's
number from 0, the class that the model decides for, and the probability of each
class. The table needs the columns that the model was trained on; a label column
may be there or not.

The probabilities are corrected: what the method takes out of the class
frequencies is put back, and if the run had a validation part they were scaled
until they were right there. --prior says how frequent the classes are where the
rows come from, if that is not as in training; --raw gives them as trained. The
decision is the method's: logit adjustment decides for balanced classes, so that
the class decided for need not be the most probable one.`,
		Example: strings.ReplaceAll(`  launcher predict --run runs/fraud --data csv:new.csv > predictions.csv
  launcher predict --run runs/fraud --data csv:new.csv --prior no=0.98,yes=0.02 --output predictions.csv`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&dir, "run", "", "`DIR` that a run has left")
	f.StringVar(&s.Train.Data, "data", "", "`SOURCE` of the rows: csv:FILE and the like")
	f.StringVar(&o.Prior, "prior", "", "`FREQUENCIES` of the classes where the rows come from: train, balanced, or CLASS=FREQUENCY,... for each (default: what the run was for)")
	f.BoolVar(&o.Raw, "raw", false, "probabilities as trained, without correction")
	f.StringVar(&output, "output", "", "`FILE` to write (default: standard output)")
	c.RunE = cli.Do(func(ctx context.Context) error {
		if dir == "" || s.Train.Data == "" {
			return cli.Usagef("--run and --data are wanted: the directory that a run has left, and the table to predict")
		}
		model := filepath.Join(dir, "model.safetensors")
		if output == "" {
			return predict(ctx, model, s.Train, o, p.Stdout)
		}
		file, err := os.Create(output)
		if err != nil {
			return cli.Usagef("--output: %w", err)
		}
		err = errors.Join(predict(ctx, model, s.Train, o, file), file.Close())
		if err != nil {
			_ = os.Remove(output) // half a file is worse than none
		}
		return err
	})
	return c
}

// predict writes the predictions as CSV.
func predict(ctx context.Context, model string, cfg train.Config, o train.PredictOptions, w io.Writer) error {
	buffered := bufio.NewWriter(w)
	out := csv.NewWriter(buffered)
	var names []string
	err := train.Predict(ctx, model, cfg, o, func(classes []string) error {
		names = classes
		head := []string{"row", "predicted"}
		for _, name := range classes {
			head = append(head, "p_"+name)
		}
		return out.Write(head)
	}, func(v train.Prediction) error {
		line := []string{strconv.Itoa(v.Row), ""}
		if v.Confident {
			line[1] = names[v.Class]
		}
		for _, p := range v.Probs {
			text := ""
			if !math.IsNaN(p) {
				text = strconv.FormatFloat(p, 'g', 6, 64)
			}
			line = append(line, text)
		}
		return out.Write(line)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return errors.Join(out.Error(), buffered.Flush())
}
