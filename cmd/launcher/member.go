package main

import (
	"slices"
	"time"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

// phase is where a node is in its life.
type phase int

const (
	ready   phase = iota // to be started as soon as there is somebody to join
	running              // as a process
	resting              // to be ready again later
	ended                // for good
)

// member is what is known about one node.
type member struct {
	place    place
	name     string
	log      *nodeLog
	phase    phase
	restarts int // in this run
	spent    int // of the restarts it may have; see regain

	// Of the process that runs, or the last one.
	addr    string    // where it listens; empty: not known yet
	metrics string    // where its figures are to be had; empty: nowhere
	onRing  bool      // it has been on a ring
	good    time.Time // since when, if it has
	failed  *cli.Failed
	left    bool // it has left the run, as it was asked to
	summary *train.Summary
}

// alive tells whether the node runs or is to be started again.
func (n *member) alive() bool { return n.phase != ended }

// begin forgets the process before.
func (n *member) begin() {
	n.phase = running
	n.addr, n.metrics, n.onRing, n.failed, n.left, n.summary = "", "", false, nil, false, nil
	n.log.begin()
}

// formed notes that the process is on a ring.
func (n *member) formed(now time.Time) {
	if !n.onRing {
		n.onRing, n.good = true, now
	}
}

// regain gives back what the process that has ended has earned of the restarts
// that were spent: one for each while that it was well.
func (n *member) regain(now time.Time) {
	if n.onRing {
		n.spent = max(0, n.spent-int(now.Sub(n.good)/cli.RegainAfter))
	}
}

// seeds returns whom a node looks for that is to be started: those it was told
// to, those that run here, and those known to be elsewhere. With nobody to look
// for it is the first; but ok is false while another one is about to be.
func seeds(nodes []*member, given, elsewhere []string) (join []string, ok bool) {
	join = slices.Clone(given)
	ok = true
	for _, n := range nodes {
		if n.phase != running {
			continue
		}
		if n.addr == "" {
			ok = false
		} else {
			join = append(join, n.addr)
		}
	}
	join = append(join, elsewhere...)
	return join, ok || len(join) > 0
}

// beyond returns the addresses of a ring that are not those of our own nodes.
func beyond(nodes []*member, ring []string) []string {
	return slices.DeleteFunc(slices.Clone(ring), func(addr string) bool {
		return slices.ContainsFunc(nodes, func(n *member) bool { return n.addr == addr })
	})
}
