// Command learning trains the runs behind docs/results/learning.md and the
// measured examples of docs/methods: each loss and weighter beside its base loss
// alone and plain training, on the same seeds. It keeps what is there, trains
// what is missing, and writes the tables into the pages:
//
//	go run ./scripts/learning                   all of it: some hours of a core
//	go run ./scripts/learning -only tail -seeds 0
//	go run ./scripts/learning -only noise -methods 'gce;sce'
//	go run ./scripts/learning -only none        the tables alone
//
// A table stands in a page between the lines
//
//	<!-- learning: GROUP; METHOD; METHOD -->
//	<!-- end of learning -->
//
// with all methods of the group if none are named. A row stays as it is where
// the runs that are there are of fewer seeds.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := learn(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "learning:", err)
		os.Exit(1)
	}
}

// study is what all runs share.
type study struct {
	ballast string // the program
	data    string // directory of the data sets
	out     string // directory of the runs
	seeds   []string
}

func learn(ctx context.Context) error {
	s := study{}
	flag.StringVar(&s.data, "data", cmp.Or(os.Getenv("BALLAST_DATA"), "../shared/data"), "directory of the data sets (BALLAST_DATA)")
	flag.StringVar(&s.out, "out", "runs/learning", "directory of the runs")
	flag.StringVar(&s.ballast, "ballast", "bin/ballast", "the program; it is built here if it is not there")
	seeds := flag.String("seeds", "0,1,2", "seeds, by commas")
	methods := flag.String("methods", "", "methods to train, as they stand in the tables, by semicolons; all, if none are named")
	only := flag.String("only", "", "groups to train, by commas: "+strings.Join(names(), ", ")+"; none: write the tables alone")
	pages := flag.String("pages", "docs", "directory of the pages")
	flag.Parse()
	s.seeds = strings.Split(*seeds, ",")
	if _, err := os.Stat(s.ballast); err != nil {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", s.ballast, "./cmd/launcher")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building %s: %w", s.ballast, err)
		}
	}
	for _, g := range groups {
		if *only == "" || slices.Contains(strings.Split(*only, ","), g.name) {
			if err := s.train(ctx, g.only(*methods)); err != nil {
				return err
			}
		}
	}
	return s.write(*pages)
}

// only returns the group with those of its methods that list names; all, if it
// is empty.
func (g group) only(list string) group {
	if list != "" {
		named := strings.Split(list, ";")
		g.methods = slices.DeleteFunc(slices.Clone(g.methods), func(m string) bool { return !slices.Contains(named, m) })
	}
	return g
}

// train takes the runs of a group that have not been taken, seed by seed.
func (s study) train(ctx context.Context, g group) error {
	for _, seed := range s.seeds {
		for _, m := range g.methods {
			dir := s.dir(g, m, seed)
			if _, err := os.Stat(filepath.Join(dir, "summary.json")); err == nil {
				continue
			}
			fmt.Fprintln(os.Stderr, dir)
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			method, flags, _ := strings.Cut(m, " ")
			args := append([]string{"run", "--nproc-per-node", "1", "--progress", "none", "--checkpoint-every", "-1",
				"--data", "idx:" + filepath.Join(s.data, "fashion-mnist"), "--out", dir, "--seed", seed, "--method", method}, g.flags...)
			args = append(args, strings.Fields(flags)...)
			if text, err := exec.CommandContext(ctx, s.ballast, args...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", dir, err, text)
			}
		}
	}
	return nil
}

// dir is where a run lies.
func (s study) dir(g group, method, seed string) string {
	return filepath.Join(s.out, g.name, strings.ReplaceAll(method, " ", "_"), seed)
}
