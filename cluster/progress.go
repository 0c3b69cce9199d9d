package cluster

import (
	"sync"
	"time"
)

// Progress is what a node tells the others about its work: a flight record
// small enough to be written many times in a step.
type Progress struct {
	// Step is the step under way.
	Step uint64 `json:"step"`
	// Phase names what the node is doing, as "forward" or "reduce 3".
	Phase string `json:"phase"`
	// WaitingFor is the name of the member without which the node cannot go
	// on; empty: it is at work itself.
	WaitingFor string `json:"waitingFor,omitempty"`
	// Transport says how frames travel to the next node of the ring, as "shm" or
	// "tcp"; empty: there is no other.
	Transport string `json:"transport,omitempty"`
	// Counter grows whenever the node gets on: with each phase, bucket and
	// batch. It must not grow while the node only waits.
	Counter uint64 `json:"counter"`
	// Median is the median time of a step so far; 0: not known.
	Median time.Duration `json:"median,omitempty"`
}

// flight keeps the node's progress and when its counter last grew.
type flight struct {
	mu struct {
		sync.Mutex
		progress Progress
		since    time.Time // zero: no progress was ever set
	}
}

// SetProgress notes how far this node is. It costs a lock and a look at the
// clock and allocates nothing.
func (n *Node) SetProgress(p Progress) {
	now := time.Now()
	f := &n.flight
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.Counter != f.mu.progress.Counter || f.mu.since.IsZero() {
		f.mu.since = now
	}
	f.mu.progress = p
}

// read returns the progress and for how long the counter has stood still.
func (f *flight) read(now time.Time) (Progress, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.since.IsZero() {
		return Progress{}, 0
	}
	return f.mu.progress, now.Sub(f.mu.since)
}
