package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/report"
)

func statusCommand(p *cli.Program) *cobra.Command {
	var a access
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status --run DIR | --join HOST:PORT",
		Short: "Ask a run that goes on what each of its nodes is doing",
		Long: `Ask a run that goes on what each of its nodes is doing: its step and phase, whom
it waits for, and for how long it has not got on.

Any node can answer for all of them, from any machine that reaches it and has
the secret of the run. Of a run that was started on this machine, the run
directory is enough.`,
		Example: strings.ReplaceAll(`  launcher status --run runs/first
  launcher status --join host-a:7700 --job-secret-file job.secret --json`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&dir, "run", "", "`DIR` of a run that was started on this machine")
	c.Flags().StringSliceVar(&a.Join, "join", nil, "`HOST:PORT` of one of its nodes; of several, the first that answers")
	c.Flags().StringVar(&a.SecretFile, "job-secret-file", "", "`FILE` with the secret that the nodes share; or set BALLAST_JOB_SECRET")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = cli.Do(func(ctx context.Context) error {
		if (dir == "") == (len(a.Join) == 0) {
			return cli.Usagef("want either --run, the directory of a run, or --join, the address of one of its nodes")
		}
		if dir != "" {
			noted, err := readAccess(dir)
			if err != nil {
				return err
			}
			a.Join = noted.Join
			if a.SecretFile == "" {
				a.SecretFile = noted.SecretFile
			}
		}
		return status(ctx, p, a, asJSON)
	})
	return c
}

func status(ctx context.Context, p *cli.Program, a access, asJSON bool) error {
	secret, err := cli.ReadSecret(a.SecretFile, p.Environ)
	if err != nil {
		return err
	}
	members, err := p.AskAny(ctx, a.Join, secret)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if asJSON {
		text, err := json.MarshalIndent(members, "", "  ")
		if err != nil {
			return err
		}
		b.Write(append(text, '\n'))
	} else {
		report.Members(&b, members)
	}
	_, err = p.Stdout.Write(b.Bytes())
	return err
}
