package cluster

import (
	"sync"
	"sync/atomic"
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
	// Metrics is the address at which the node's figures are to be had; empty:
	// nowhere.
	Metrics string `json:"metrics,omitempty"`
	// Counter grows with each phase. Within one, Beat tells that the node gets
	// on.
	Counter uint64 `json:"counter"`
	// Median is the median time of a step so far; 0: not known.
	Median time.Duration `json:"median,omitempty"`
}

// flight keeps the node's progress and when it last got on.
type flight struct {
	beats atomic.Uint64
	mu    struct {
		sync.Mutex
		progress Progress
		since    time.Time // zero: no progress was ever set
		beats    uint64    // those that since takes into account
	}
}

// Beat notes that this node gets on within a phase: some rows more are
// evaluated, one more frame has arrived. A phase may be long, and one that
// waits for others longer still while they do not stand still. It costs an
// addition, and may be called from anywhere.
func (n *Node) Beat() { n.flight.beats.Add(1) }

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

// read returns the progress and for how long the node has not got on. Of beats
// it is known that they came, not when: they count as if they came now, and so
// a stillness may be found later than it began, by as long as nobody looked.
func (f *flight) read(now time.Time) (Progress, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.since.IsZero() {
		return Progress{}, 0
	}
	if beats := f.beats.Load(); beats != f.mu.beats {
		f.mu.beats, f.mu.since = beats, now
	}
	return f.mu.progress, now.Sub(f.mu.since)
}
