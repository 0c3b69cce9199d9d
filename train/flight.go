package train

import (
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// flight is a node's flight record: what it tells the other members about where
// it is, so that whoever waits can say for whom.
type flight struct {
	set      func(cluster.Progress) // nil: nobody is told
	pulse    func()                 // nil: nobody is told
	previous string                 // the member that this node's collectives wait for
	way      string                 // how frames travel to the next member
	metrics  string                 // where this node's figures are to be had
	counter  uint64
	median   time.Duration // of a step, roughly
}

// on begins the record of a ring. The counter goes on, and the median.
func (f *flight) on(r cluster.Roster, rank int) {
	n := len(r.Members)
	f.previous, f.way = r.Members[(rank+n-1)%n].Name, ""
}

// enter tells of the beginning of a phase.
func (f *flight) enter(step int, p phase) {
	if f.set == nil {
		return
	}
	f.counter++
	record := cluster.Progress{Step: uint64(step), Phase: p.String(), Transport: f.way, Metrics: f.metrics, Counter: f.counter, Median: f.median}
	if p.waits() {
		record.WaitingFor = f.previous
	}
	f.set(record)
}

// beat tells that the phase gets on.
func (f *flight) beat() {
	if f.pulse != nil {
		f.pulse()
	}
}

// stepped takes the time of a step. The estimate moves by a tenth of itself
// towards each, which settles at the median.
func (f *flight) stepped(d time.Duration) {
	switch {
	case f.median == 0:
		f.median = d
	case d > f.median:
		f.median += f.median / 10
	default:
		f.median -= f.median / 10
	}
}
