package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

func suspectsCommand(p *cli.Program) *cobra.Command {
	s := cli.DefaultSettings()
	var dir string
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
	c.Flags().StringVar(&dir, "run", "", "`DIR` that a run has left")
	c.Flags().IntVar(&top, "top", top, "`NUMBER` of rows to list")
	s.AddDataFlags(c)
	c.RunE = cli.Do(func(ctx context.Context) error {
		if dir == "" {
			return cli.Usagef("--run is missing: the directory that a run has left")
		}
		if err := cli.LoadRun(c.Flags(), dir); err != nil {
			return err
		}
		found, err := train.Suspects(ctx, filepath.Join(dir, "model.safetensors"), s.Train, s.CacheDir(), top)
		if err != nil {
			return err
		}
		return printSuspects(p, found)
	})
	return c
}

func printSuspects(p *cli.Program, s *train.Suspicion) error {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	head := []string{"place", "row", "label", "believed", "p_label", "loss"}
	if s.Flipped > 0 {
		head = append(head, "changed")
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, v := range s.Suspects {
		line := []string{
			v.Place, strconv.Itoa(v.ID), v.Label, v.Believed,
			strconv.FormatFloat(v.Probability, 'g', 4, 64), strconv.FormatFloat(v.Loss, 'f', 4, 64),
		}
		if s.Flipped > 0 {
			line = append(line, strconv.FormatBool(v.Flipped))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	if _, err := p.Stdout.Write(b.Bytes()); err != nil {
		return err
	}
	if s.Flipped > 0 {
		fmt.Fprintf(p.Stderr, "of %d training rows %d labels were changed; the loss finds them with AUROC %.4f\n", s.Rows, s.Flipped, s.Detection)
	}
	return nil
}
