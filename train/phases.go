package train

import "time"

// phase is what a session is doing: the unit of its timing and of what it
// tells others when they ask.
type phase int

const (
	idle phase = iota
	loading
	forward
	normalizer
	backward
	reducing
	committing
	evaluating
	gathering
	syncing
	verifying
	forming
)

var phaseNames = [...]string{
	"idle", "loading", "forward", "normalizer", "backward", "allreduce", "optimizer",
	"evaluation", "gather", "sync", "verify", "form",
}

// String returns the phase's name in metrics and messages.
func (p phase) String() string { return phaseNames[p] }

// waits tells whether the phase needs the other nodes.
func (p phase) waits() bool {
	switch p {
	case normalizer, reducing, gathering, syncing, verifying, forming:
		return true
	default:
		return false
	}
}

// clock knows the phase under way and adds up the time that each has taken.
type clock struct {
	current phase
	since   time.Time
	spent   [len(phaseNames)]time.Duration
}

// enter ends the current phase and begins the next.
func (c *clock) enter(p phase) {
	now := time.Now()
	c.spent[c.current] += now.Sub(c.since)
	c.current, c.since = p, now
}

// reset forgets the times, not the phase.
func (c *clock) reset() {
	c.spent = [len(phaseNames)]time.Duration{}
	c.since = time.Now()
}

// phases returns the times of a step in seconds.
func (c *clock) phases() Phases {
	s := func(p phase) float64 { return c.spent[p].Seconds() }
	return Phases{
		Data: s(loading), Forward: s(forward), Normalizer: s(normalizer),
		Backward: s(backward), AllReduce: s(reducing), Optimizer: s(committing),
	}
}
