package train

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/cluster/clustertest"
	"github.com/ballast-ml/ballast/dataset"
)

// world is a run of real members, with the real agreement, gossip and ring,
// over networks in memory and in simulated time. See
// do for what can befall it.
type world struct {
	t    testing.TB
	cfg  Config
	data *dataset.Data
	own  map[int]*dataset.Data // of nodes that have other data, by index
	want string                // the model's checksum

	dir   string // the run directory of all nodes, if there is one
	every int    // steps between its checkpoints

	sizes allreduce.Sizes // of every ring
	hop   time.Duration   // that a frame takes

	net *clustertest.Network
	mem *allreduce.Mem

	mu    sync.Mutex
	moved chan struct{} // closed and replaced when a node gets on
	nodes []*simNode
}

func newWorld(t testing.TB, cfg Config, data *dataset.Data, want string) *world {
	return &world{t: t, cfg: cfg, data: data, want: want, hop: hop, net: clustertest.New(), mem: allreduce.NewMem(), moved: make(chan struct{})}
}

// announce wakes who waits; the lock is held.
func (w *world) announce() {
	close(w.moved)
	w.moved = make(chan struct{})
}

// live are the nodes that can still get on.
func (w *world) live() []*simNode {
	return slices.DeleteFunc(slices.Clone(w.nodes), func(n *simNode) bool { return n.killed || n.finished })
}

// patience bounds how long a script waits for anything, in simulated time.
const patience = 10 * time.Minute

// until waits for cond, which is called with the lock held.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		ok, moved := cond(), w.moved
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-moved:
		case <-deadline:
			w.t.Fatalf("not within %v: %s%s", patience, what, w.describe())
		}
	}
}

func (w *world) describe() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, n := range w.nodes {
		fmt.Fprintf(&b, "\n\tnode %d: step %d, killed %v, finished %v", n.index, n.step, n.killed, n.finished)
	}
	return b.String()
}

// end stops whatever still runs.
func (w *world) end() {
	for _, n := range w.nodes {
		n.cancel()
	}
	for _, n := range w.nodes {
		<-n.done
	}
	w.net.Close()
	<-time.After(5 * time.Second) // memberlist's own timers, which nobody can wait for
}
