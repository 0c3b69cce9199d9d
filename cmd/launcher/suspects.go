package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

func suspectsCommand(p *cli.Program) *cobra.Command {
	s := cli.DefaultSettings()
	var run trained
	var out sheet
	top := 50
	c := &cobra.Command{
		Use:   "suspects --run DIR [flags]",
		Short: "List the training rows whose labels the model does not believe",
		Long: `List the training rows with the highest loss under the model of a run, with file
and line: wrong labels first of all, if the model has not learnt them by heart.
Methods for noisy labels (gce, sce, absgd with a negative λ) find most; a small
number of epochs helps too.

If the run was made with --label-noise, the changed labels are known: they are
marked, and the last line on standard error says how well the loss finds them.`,
		Example: strings.ReplaceAll(`  launcher suspects --run runs/first --top 100 > suspects.csv`, "launcher", p.Name()),
		Args:    cobra.NoArgs,
	}
	run.addFlag(c)
	c.Flags().IntVar(&top, "top", top, "`NUMBER` of rows to list")
	s.AddDataFlags(c)
	out.addFlags(c.Flags())
	c.RunE = cli.Do(func(ctx context.Context) error {
		model, err := run.load(c)
		if err != nil {
			return err
		}
		if top < 1 {
			return cli.Usagef("--top %d: want at least 1", top)
		}
		found, err := train.Suspects(ctx, model, s.Train, s.CacheDir(), top)
		if err != nil {
			return err
		}
		if err := out.write(p, func(r *rows) error { return list(r, found) }); err != nil {
			return err
		}
		if found.Flipped > 0 {
			fmt.Fprintf(p.Stderr, "of %d training rows %d labels were changed; the loss finds them with AUROC %.4f\n", found.Rows, found.Flipped, found.Detection)
		}
		return nil
	})
	return c
}

// list writes a row for each suspect.
func list(r *rows, s *train.Suspicion) error {
	head := []string{"place", "row", "label", "believed", "p_label", "loss"}
	if s.Flipped > 0 {
		head = append(head, "changed")
	}
	if err := r.begin(head...); err != nil {
		return err
	}
	for _, v := range s.Suspects {
		line := []any{v.Place, v.ID, v.Label, v.Believed, v.Probability, v.Loss}
		if s.Flipped > 0 {
			line = append(line, v.Flipped)
		}
		if err := r.add(line...); err != nil {
			return err
		}
	}
	return nil
}
