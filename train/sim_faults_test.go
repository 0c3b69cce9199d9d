package train

import (
	"strings"
	"time"

	"github.com/ballast-ml/ballast/cluster/clustertest"
)

// Simulated time passes in two ways while nothing goes wrong: a frame takes
// hop, unless a script says otherwise, and a step's forward pass takes compute.
// Without the latter a node alone, which sends nobody anything, would be through
// with its run in no time, before whatever a script has in store for it.
const (
	hop     = 5 * time.Millisecond
	compute = 5 * time.Millisecond
)

// slow gives every edge to and from n its delay; the lock is held.
func (w *world) slow(n *simNode) {
	for _, other := range w.nodes {
		if other != n && other.name != "" {
			w.mem.Delay(n.name, other.name, w.hop)
			w.mem.Delay(other.name, n.name, w.hop)
		}
	}
}

// delay changes the delay of every edge.
func (w *world) delay(hop time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hop = hop
	for _, n := range w.nodes {
		if n.name != "" {
			w.slow(n)
		}
	}
}

// kill ends a process as SIGKILL does: nothing that it says or does is noticed
// any more, and its host refuses connections.
func (w *world) kill(n *simNode) {
	n.note(func() { n.killed = true })
	w.net.Kill(n.end)
	w.mem.Crash(n.name)
	n.cancel()
}

// gone has whoever still opens a ring with a process that has ended find nobody
// there. The neighbours of its last ring have read what it sent them by then.
func (w *world) gone(n *simNode) {
	<-time.After(time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, other := range w.nodes {
		if n.name != "" && other != n && other.name != "" {
			w.mem.Cut(n.name, other.name)
			w.mem.Cut(other.name, n.name)
		}
	}
}

// silence loses all frames between two nodes, or ends that.
func (w *world) silence(a, b *simNode, silent bool) {
	lost := 0
	if silent {
		lost = 1 << 30
	}
	w.mem.Drop(a.name, b.name, lost)
	w.mem.Drop(b.name, a.name, lost)
}

func (w *world) freeze(n *simNode, frozen bool) {
	if frozen {
		w.net.Freeze(n.end)
	} else {
		w.net.Thaw(n.end)
	}
	for _, other := range w.nodes {
		if other != n {
			w.silence(n, other, frozen)
		}
	}
}

// partition cuts the links between the groups of a text and heals those within.
func (w *world) partition(text string) {
	var groups [][]*simNode
	var ends [][]*clustertest.Endpoint
	for part := range strings.SplitSeq(text, "|") {
		group := w.list(strings.TrimSpace(part))
		var members []*clustertest.Endpoint
		for _, n := range group {
			members = append(members, n.end)
		}
		groups, ends = append(groups, group), append(ends, members)
	}
	w.net.Partition(ends...)
	for i, g := range groups {
		for j, h := range groups {
			for _, a := range g {
				for _, b := range h {
					if a != b {
						w.silence(a, b, i != j)
					}
				}
			}
		}
	}
}
