// Command peers compares Ballast with PyTorch, gloo and OpenBLAS on this
// machine, in interleaved rounds, and with itself where a feature could cost
// something; it writes the tables of docs/results/performance.md.
//
// Each section can be measured apart (-only); what was measured last is kept in
// -state, and the page has all of it. A section that was never measured here
// stays in the page as it is. The peer programs are torch_peer.py and
// gloo_bench.py in the directory -peers, called as
//
//	torch_peer.py --model mlp|lenet|resnet20 --world N --threads 1 --seconds S
//	gloo_bench.py N SIZE,SIZE,...
//
// of which the first prints a JSON object with model and samples_per_s, and the
// second one line of SIZE:MEDIAN/BEST/CPU in microseconds.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/internal/bench"
)

// comparison is what the sections need.
type comparison struct {
	crew   bench.Crew
	python string
	older  string // another one, with an older PyTorch; or empty
	peers  string // directory of the peer programs
	rounds int
}

// section measures one part of the page.
type section struct {
	name, title string
	rounds      int // unless told otherwise
	run         func(context.Context, comparison) (table, error)
}

var sections = []section{
	{"kernels", "Kernels", 4, kernels},
	{"step", "The step, beside PyTorch", 5, steps},
	{"older", "The step, beside an older PyTorch", 3, olderSteps},
	{"ring", "The ring, beside gloo", 5, ring},
	{"method", "ABSGD, beside plain averaging", 4, method},
	{"methods", "Every method, beside plain averaging", 2, methods},
	{"elastic", "Elasticity, beside none", 24, elastic},
	{"shards", "Eight shards on two processes, beside two", 4, shards},
	{"processes", "Two processes, beside one", 30, processes},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		return bench.Worker(ctx, os.Stdin, os.Stdout)
	}
	only := flag.String("only", "", "measure these sections, by commas: "+strings.Join(names(), ", ")+"; none: write the page alone")
	rounds := flag.Int("rounds", 0, "rounds; 0: those of each section")
	peers := flag.String("peers", cmp.Or(os.Getenv("BALLAST_PEERS"), "../shared/bench/peer"), "directory of the peer programs (BALLAST_PEERS)")
	older := flag.String("older", os.Getenv("BALLAST_PEER_OLDER"), "a Python with numpy and an older torch, as Debian's, for the section older (BALLAST_PEER_OLDER)")
	state := flag.String("state", "runs/peers", "directory of what was measured")
	page := flag.String("page", "docs/results/performance.md", "page to write the tables into")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q: want flags alone", flag.Args())
	}
	path, err := os.Executable()
	if err != nil {
		return err
	}
	c := comparison{crew: bench.Crew{Path: path, Args: []string{path, "worker"}}, older: *older, peers: *peers}
	var chosen []section
	for _, word := range strings.Split(*only, ",") {
		if word == "" || word == "none" {
			continue
		}
		s, err := find(word)
		if err != nil {
			return err
		}
		chosen = append(chosen, s)
	}
	if *only == "" {
		chosen = slices.DeleteFunc(slices.Clone(sections), func(s section) bool { return s.name == "older" && c.older == "" })
	}
	if err := os.MkdirAll(*state, 0o755); err != nil {
		return err
	}
	for _, s := range chosen {
		if c.python == "" {
			if c.python, err = findPython(ctx, *state); err != nil {
				return err
			}
		}
		c.rounds = cmp.Or(*rounds, s.rounds)
		t, err := s.run(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		t.Rounds = c.rounds
		t.Title = s.title
		if err := t.save(filepath.Join(*state, s.name+".json")); err != nil {
			return err
		}
	}
	return writePage(*page, *state)
}

func find(name string) (section, error) {
	for _, s := range sections {
		if s.name == name {
			return s, nil
		}
	}
	return section{}, errors.New("-only " + name + ": want " + strings.Join(names(), ", ") + ", or none")
}

func names() (all []string) {
	for _, s := range sections {
		all = append(all, s.name)
	}
	return all
}

// eachRound calls f for every round and says which one it is.
func (c comparison) eachRound(what string, f func() error) error {
	for i := range c.rounds {
		fmt.Fprintf(os.Stderr, "%s: round %d of %d, load %s\n", what, i+1, c.rounds, bench.ThisMachine().Load)
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
