package main

import (
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

// show is what the person sees of the node that is shown.
func (f *fleet) show() train.Observer {
	return train.Tee(cli.News(f.view.Note), train.Observer{
		DataReady: func(v train.DataReady) {
			f.tell("%s: %d training rows%s, %d test rows, %d classes (%.2f s)", v.Name, v.Train, more(v), v.Test, v.Classes, v.Seconds)
			for _, warning := range v.Warnings {
				f.tell("%s: %s", v.Name, warning)
			}
		},
		Joined: func(v train.Joined) {
			if len(f.settings.Join) == 0 && f.settings.NNodes.Min > 1 {
				f.tell("machines to wait for: %d; on each, the same command with --join %s", f.settings.NNodes.Min-1, v.Addr)
			}
		},
		RingFormed: func(v train.RingFormed) {
			f.tell("ring of %d nodes formed in %.2f s%s%s", len(v.Names), v.Seconds, cli.Over(v), uneven(v.Shards))
			f.tellMetrics()
			f.again = true
		},
		Waiting:           func(v train.Waiting) { f.view.Waiting(cli.Missing(v)) },
		StepDone:          f.view.StepDone,
		Evaluated:         f.view.Evaluated,
		CheckpointWritten: f.view.CheckpointWritten,
	})
}

// tellMetrics prints where the figures of our nodes are to be had.
func (f *fleet) tellMetrics() {
	var list []string
	for _, n := range f.nodes {
		if n.metrics != "" {
			list = append(list, n.name+" "+n.metrics)
		}
	}
	if len(list) > 0 {
		f.tell("figures for Prometheus: %s", strings.Join(list, ", "))
	}
}

// tell prints a line for the person, unless it was there for an earlier run or
// ring.
func (f *fleet) tell(format string, args ...any) {
	if !f.again {
		f.view.Note(format, args...)
	}
}

// more tells that a stream has more training rows than those of its head.
func more(v train.DataReady) string {
	if v.Stream {
		return " of the head, more to follow"
	}
	return ""
}

// uneven tells what is lost if the shards cannot be shared evenly.
func uneven(bounds []int) string {
	nodes, most := len(bounds)-1, 0
	if nodes < 1 {
		return "" // the node did not say
	}
	shards := bounds[nodes]
	for r := range nodes {
		most = max(most, bounds[r+1]-bounds[r])
	}
	if most*nodes == shards {
		return ""
	}
	return fmt.Sprintf(" (%d shards on %d nodes are uneven: %d %% efficiency at best)", shards, nodes, 100*shards/(most*nodes))
}
