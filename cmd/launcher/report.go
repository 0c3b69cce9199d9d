package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/page"
)

func reportCommand(p *cli.Program) *cobra.Command {
	var dirs []string
	var out string
	c := &cobra.Command{
		Use:   "report --run DIR [flags]",
		Short: "Write what runs have left as one HTML page",
		Long: `Write a page with what a run has left: figures and recall of every class, losses
and what the weights did, where the time went, and the settings. It is one HTML
file with its pictures in it, and needs no network and no script.

Several runs, or a directory with the runs of several methods, stand side by side
on one page. A run that is under way, or was killed, is shown as far as it got.`,
		Example: strings.ReplaceAll(`  launcher report --run runs/first
  launcher report --run runs/first --run runs/second --out both.html`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	c.Flags().StringArrayVar(&dirs, "run", nil, "`DIR` that a run has left, or with several of them; may be given again")
	c.Flags().StringVar(&out, "out", "", "`FILE` to write (default report.html in the directory of --run)")
	c.RunE = cli.Do(func(ctx context.Context) error {
		if len(dirs) == 0 {
			return cli.Usagef("--run is missing: the directory that a run has left")
		}
		if out == "" {
			if len(dirs) > 1 {
				return cli.Usagef("--out is missing: the file for a page of several runs")
			}
			out = filepath.Join(dirs[0], "report.html")
		}
		runs, err := readRuns(ctx, dirs)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := page.Write(&b, runs); err != nil {
			return err
		}
		if err := renameio.WriteFile(out, b.Bytes(), 0o666); err != nil {
			return fmt.Errorf("--out %s: %w", out, err)
		}
		_, err = fmt.Fprintf(p.Stdout, "Written to %s\n", filepath.Clean(out))
		return err
	})
	return c
}

// readRuns reads the runs that the paths stand for.
func readRuns(ctx context.Context, paths []string) (runs []*page.Run, err error) {
	for _, path := range paths {
		dirs, err := page.Find(path, compared)
		if err != nil {
			return nil, cli.Usagef("--run: %w", err)
		}
		for _, dir := range dirs {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			r, err := page.Read(dir)
			if err != nil {
				return nil, fmt.Errorf("--run %s: %w", dir, err)
			}
			runs = append(runs, r)
		}
	}
	return runs, nil
}
