package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/bench"
	"github.com/ballast-ml/ballast/internal/cli"
)

// benchWorker is the command by which the benchmark starts its processes.
const benchWorker = "worker"

func benchCommand(p *cli.Program) *cobra.Command {
	o := bench.Options{Nodes: 2}
	var asJSON bool
	c := &cobra.Command{
		Use:   "bench [flags]",
		Short: "Measure kernels, ring and step on this machine",
		Long: `Measure what the speed of a run is made of, on this machine at this moment: the
kernels (GFLOP/s, and percent of the multiply-add peak in the same rounds), the
ring between processes (time, algorithm and bus bandwidth by size and
transport), and the training step with its phases, in one process and in
several. All of it takes about a minute.`,
		Example: strings.ReplaceAll(`  launcher bench
  launcher bench --only ring --nproc 4
  launcher bench --short --json`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.Only, "only", "", "measure one `SECTION`: "+strings.Join(bench.Sections, ", "))
	f.IntVar(&o.Nodes, "nproc", o.Nodes, "`N` processes in the ring, and for the step beside one")
	f.BoolVar(&o.Short, "short", false, "a look at everything in a few seconds, not a measurement")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	if err := c.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(bench.Sections, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("launcher: " + err.Error()) // the flag exists, and only once
	}
	c.RunE = cli.Do(func(ctx context.Context) error {
		if o.Only != "" && !slices.Contains(bench.Sections, o.Only) {
			return cli.Usagef("--only %s: want %s", o.Only, strings.Join(bench.Sections, ", "))
		}
		if o.Nodes < 2 || o.Nodes > 64 {
			return cli.Usagef("--nproc %d: want 2 to 64", o.Nodes)
		}
		path, err := os.Executable()
		if err != nil {
			return err
		}
		o.Crew = bench.Crew{Path: path, Args: []string{p.Args[0], c.Name(), benchWorker}}
		o.Progress = func(what string) { fmt.Fprintf(p.Stderr, "%s ...\n", what) }
		r, err := bench.Run(ctx, o)
		if err != nil {
			return err
		}
		return printBench(p, r, asJSON)
	})
	c.AddCommand(benchWorkerCommand(p))
	return c
}

// benchWorkerCommand is one of the benchmark's processes.
func benchWorkerCommand(p *cli.Program) *cobra.Command {
	return &cobra.Command{
		Use: benchWorker, Hidden: true, Args: cobra.NoArgs,
		RunE: cli.Do(func(ctx context.Context) error { return bench.Worker(ctx, p.Stdin, p.Stdout) }),
	}
}

func printBench(p *cli.Program, r bench.Report, asJSON bool) error {
	var b bytes.Buffer
	if asJSON {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		b.Write(append(text, '\n'))
	} else if err := r.WriteText(&b); err != nil {
		return err
	}
	_, err := p.Stdout.Write(b.Bytes())
	return err
}
