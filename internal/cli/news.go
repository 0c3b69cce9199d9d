package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ballast-ml/ballast/train"
)

// News returns an observer that tells a person, one line each, what is out of
// the ordinary: the end of a ring and the one that follows, what became of
// checkpoints, where a run was resumed. say prints a line.
func News(say func(format string, args ...any)) train.Observer {
	lost := false
	o := Trouble(say)
	o.RingLost = func(v train.RingLost) {
		lost = true
		say("the ring ends after step %d: %s", v.Step, plainReason(v.Reason))
	}
	o.RingFormed = func(v train.RingFormed) {
		if lost {
			say("the ring is formed again with %s (generation %d)", nodes(v.Names), v.Generation)
		}
		lost = false
	}
	o.Resumed = func(v train.Resumed) { say("resumed after step %d, from %s", v.Step, v.Path) }
	o.CheckpointSkipped = func(v train.CheckpointSkipped) { say("passed over the checkpoint %s: %s", v.Path, v.Reason) }
	return o
}

// Trouble is the part of [News] that every node has news of its own about.
func Trouble(say func(format string, args ...any)) train.Observer {
	return train.Observer{
		CheckpointFailed: func(v train.CheckpointFailed) {
			say("trouble with the checkpoint %s: %s; training goes on, and the next one is tried", v.Path, v.Err)
		},
		Diverged: func(v train.Diverged) {
			say("not in the same state as the others after step %[2]d: %[1]s; all return to step %[3]d and repeat", ShortNames(v.Nodes), v.Step, v.Back)
		},
	}
}

// nodes counts and names the nodes of a ring.
func nodes(names []string) string {
	if len(names) == 1 {
		return "one node, " + ShortName(names[0])
	}
	return fmt.Sprintf("%d nodes: %s", len(names), ShortNames(names))
}

// ShortName returns a node's name without what makes it unique.
func ShortName(name string) string {
	short, _, _ := strings.Cut(name, "#")
	return short
}

// ShortNames lists the names of nodes for people.
func ShortNames(names []string) string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = ShortName(name)
	}
	return strings.Join(short, ", ")
}

// plainReason is why a ring has ended, for a person: what the members have come
// to, if that is in it, rather than how this node noticed; without the names of
// packages and what makes names of nodes unique.
func plainReason(text string) string {
	if at := strings.LastIndex(text, "cluster: "); at >= 0 {
		text = text[at:]
	}
	text = packages.ReplaceAllString(text, "")
	text = unique.ReplaceAllString(text, "")
	return again.ReplaceAllString(text, "")
}

var (
	packages = regexp.MustCompile(`\b(cluster|allreduce|optimizer|rpc): `)
	unique   = regexp.MustCompile(`#[a-z0-9]+\b`)
	again    = regexp.MustCompile(`^the ring is formed again( \(generation \d+\))?: `) // which the next line tells
)
