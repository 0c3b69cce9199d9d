package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/ssh"
)

func runCommand(p *cli.Program) *cobra.Command {
	s := cli.DefaultSettings()
	c := &cobra.Command{
		Use:   "run [flags]",
		Short: "Start nodes on this machine, or on many, and train",
		Long: `Start nodes on this machine, or on many, and train.

Without --data and --method, it trains three models on the built-in data, one
after the other and from the same seed: plain (erm), with logit adjustment (la),
and with ABSGD on top of that; and compares them.

What the run leaves is in the directory --out: config.yaml, metrics.jsonl,
model.safetensors, summary.json and the log of each node. The last line on
standard output is the model's SHA-256; it does not depend on the number of
nodes.

A node that crashes is started again and joins the others, who go on meanwhile.
If the launcher itself dies, its nodes write a checkpoint and end; with --detach
they train on, and the launcher ends as soon as they have found each other.

With --hosts or --hostfile the nodes run on the machines of a list, which are
reached by the system's ssh (or the program in BALLAST_SSH) without a password:
with the data at the same path, the same directory to work in if it is there,
and this program at the same path or copied by --push. Each host ends with its
own copy of what the run leaves. The secret of the run is made up and goes
through ssh. If the launcher dies, nodes on other machines train on.`,
		Example: strings.ReplaceAll(`  launcher run
  launcher run --data idx:fashion-mnist --long-tail 100 --nproc-per-node 4
  launcher run --data csv:mammography.csv --label class --method absgd+la --epochs 50
  launcher run --data csv:wine.csv --label-noise sym:0.2 --method absgd --lambda -2 --floor
  launcher run -H host-a:2,host-b:2 --push --data idx:/data/fashion-mnist   # through ssh
  launcher run --nnodes 2 --join host-a:7700 --job-secret-file job.secret  # on each of two machines
  launcher run --config runs/first/config.yaml --seed 2 --out runs/second`, "launcher", p.Name()),
		Args: cobra.NoArgs,
	}
	s.AddFlags(c, cli.ForLauncher)
	c.RunE = cli.Do(func(ctx context.Context) error {
		origins, err := cli.Load(c.Flags(), p.Environ)
		if err != nil {
			return err
		}
		if err := s.SettleStream(origins); err != nil {
			return err
		}
		return run(ctx, p, s, origins)
	})
	return c
}

// run checks the settings and trains one model, or compares three if nothing
// says which one.
func run(ctx context.Context, p *cli.Program, s cli.Settings, origins cli.Origins) error {
	list, err := readHosts(s)
	if err != nil {
		return err
	}
	if list != nil {
		s.NProc = 1 // the list says how many, and has been looked at
	}
	if s.NProc == 0 {
		s.NProc = autoProc(cores(), s.Train.Shards, s.NNodes.Min)
	}
	if err := s.Validate(cli.ForLauncher); err != nil {
		return err
	}
	l := launch{program: p, settings: s, hosts: list}
	if err := l.admit(); err != nil {
		return err
	}
	if err := l.findable(); err != nil {
		return err
	}
	if err := l.knowsThose(s.Tee); err != nil {
		return err
	}
	if err := l.servesAll(); err != nil {
		return err
	}
	bare := origins["data"] == cli.FromDefault && origins["method"] == cli.FromDefault
	if bare && s.Resumes() && s.Resume != "auto" {
		return cli.Usagef("--resume %s: a checkpoint is of one model: say which, with --data and --method", s.Resume)
	}
	if bare && s.Resumes() && len(l.distant()) > 0 {
		return cli.Usagef("--resume %s: what is finished on other hosts cannot be seen: say which model, with --data or --method", s.Resume)
	}
	if bare && s.Detach {
		return cli.Usagef("--detach: one model at a time: say which, with --data or --method")
	}
	if l.settings.Out == "" {
		method := s.Train.Method
		if bare {
			method = "compared"
		}
		l.settings.Out = cli.DefaultOut(s.Train.Data, method, time.Now())
	}
	// Of our own nodes each would find the directory that the first has made,
	// so it is looked at once, here.
	if _, err := os.Lstat(l.settings.Out); err == nil && !s.Resumes() {
		return cli.Usagef("--out %s: exists already: choose a directory that is new, or go on with the run in it by --resume auto", l.settings.Out)
	}
	view := p.NewScreen(s)
	defer view.Close()
	if s.OpenToStrangers(l.secret) {
		view.Note(cli.StrangersNote)
	}
	if len(l.distant()) > 0 {
		if l.ssh, err = ssh.Find(p.Getenv(cli.SSHVariable)); err != nil {
			return cli.Usagef("%w", err)
		}
	}
	if s.Push {
		remove, err := l.push(ctx, view)
		if err != nil {
			return err
		}
		defer remove()
	}
	if s.IsStdin() {
		if ctx, err = l.spool(ctx); err != nil {
			return err
		}
	}
	if bare {
		return compare(ctx, l, view, origins)
	}
	view.Begin(s.Train.Method)
	l.config = cli.ConfigYAML(l.settings.Flags(cli.ForLauncher), origins)
	summary, err := l.run(ctx, view)
	if free, ok := errors.AsType[*detachedError](err); ok {
		view.Close()
		return free.print(p)
	}
	if err != nil {
		return err
	}
	view.Close()
	p.PrintRun(summary, l.where())
	return nil
}

// where says where the run has written what it leaves.
func (l launch) where() string {
	out := filepath.Clean(l.settings.Out)
	if far := l.distant(); len(far) > 0 {
		out += " on each of " + strings.Join(far, ", ")
		if len(far) < len(l.hosts) {
			out += ", and here"
		}
	}
	return out
}

// knowsThose refuses to show the logs of nodes that there are not.
func (l launch) knowsThose(wanted []string) error {
	var names []string
	for _, p := range l.places() {
		names = append(names, p.name())
	}
	for _, name := range wanted {
		if name != "all" && !slices.Contains(names, name) {
			return cli.Usagef("--tee %s: no node has this name: want all, or some of %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// servesAll refuses an address of figures that has no port for each node.
func (l launch) servesAll() error {
	for _, p := range l.places() {
		if _, err := l.settings.MetricsAt(p.index); err != nil {
			return err
		}
	}
	return nil
}

// findable refuses to wait for other machines at an address that they cannot
// reach or do not know: without one to listen on or to join, a node takes any
// free port of loopback.
func (l launch) findable() error {
	s := l.settings
	if l.alone() || l.hosts != nil || len(s.Join) > 0 || s.Listen != "" {
		return nil
	}
	return cli.Usagef("--nnodes %v: the other machines have to find this one: add --listen :PORT here and --join HERE:PORT there, "+
		"or the same --join HOST:PORT on all of them", s.NNodes)
}

// admit completes what keeps others out of the run: its label and its secret.
// For nodes that this launcher alone starts both are made up, unless no secret
// is wanted; launchers on several machines have to be told them.
func (l *launch) admit() error {
	secret, err := cli.ReadSecret(l.settings.SecretFile, l.program.Environ)
	if err != nil {
		return err
	}
	l.secret = secret
	if l.alone() || l.hosts != nil && len(l.settings.Join) == 0 {
		if l.secret == nil && !l.settings.Insecure {
			l.secret, l.invented = []byte(random(32)), true
		}
		if l.settings.RunID == "" {
			l.settings.RunID = "local-" + random(6)
			if !l.alone() {
				l.settings.RunID = "hosts-" + random(6)
			}
		}
	}
	return nil
}
