package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
)

// simNode is one process of a world.
type simNode struct {
	world  *world
	index  int
	end    *clustertest.Endpoint
	cancel context.CancelFunc
	drain  chan struct{}
	done   chan struct{} // closed with summary and err set

	// Under world.mu.
	name     string
	step     int
	rings    int
	killed   bool
	deathAt  int // step, from 0
	deathIn  string
	hangAt   int // step, from 0
	hangIn   string
	flipAt   int  // step, from 0, in which a bit flips; -1: never
	flipsOn  bool // and in every later one
	finished bool
	slowIn   string // phase, each beat of which takes slowFor
	slowFor  time.Duration
	phase    string

	summary Summary
	err     error
}

// spawn starts one more process. It waits for min nodes at first; 0: for whoever is there.
func (w *world) spawn(min int) *simNode {
	w.mu.Lock()
	n := &simNode{
		world: w, index: len(w.nodes), end: w.net.Endpoint(), deathAt: -1, hangAt: -1, flipAt: -1,
		drain: make(chan struct{}), done: make(chan struct{}),
	}
	w.nodes = append(w.nodes, n)
	var join []string
	for _, other := range w.nodes {
		join = append(join, other.end.Addr())
	}
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(w.t.Context())
	n.cancel = cancel
	go func() {
		defer close(n.done)
		n.summary, n.err = n.run(ctx, min, join)
		w.net.Kill(n.end) // the process has ended, and its port with it
		n.note(func() { n.finished = true })
		w.gone(n)
	}()
	return n
}

// run is what a process does.
func (n *simNode) run(ctx context.Context, min int, join []string) (Summary, error) {
	w := n.world
	data := w.data
	if own := w.own[n.index]; own != nil {
		data = own
	}
	j, err := newJob(w.cfg, data)
	if err != nil {
		return Summary{}, err
	}
	j.observe = Tee(Observer{
		StepDone:   func(v StepDone) { n.note(func() { n.step = v.Step }) },
		RingFormed: func(RingFormed) { n.note(func() { n.rings++ }) },
	}, Observer{})
	m := &member{job: j, started: time.Now(), opts: Options{
		Name: fmt.Sprintf("n%02d", n.index), Join: join, Nodes: min, Drain: n.drain, StartTimeout: time.Hour, Log: simLog(),
	}}
	if w.dir != "" {
		if m.dir, err = claim(w.dir, true); err != nil {
			return Summary{}, err
		}
		m.checkpoints = openCheckpoints(w.dir, w.every, 1000, identityOf(j))
		defer m.checkpoints.close(j.observe)
	}
	if m.net, err = m.enter(ctx, 0, n.end, w.mem); err != nil {
		return Summary{}, err
	}
	m.net.sizes = w.sizes
	self := m.net.node.Self().Name
	n.note(func() { n.name = self; w.slow(n) })
	beat := m.net.beat
	m.net.beat = func() {
		n.drag()
		beat()
	}
	told := m.net.progress
	m.net.progress = func(p cluster.Progress) {
		n.progress(p)
		n.flip(p, j)
		told(p)
		if p.Phase == "forward" {
			<-time.After(compute)
		}
		if n.hangs(p) {
			<-ctx.Done() // the process does
		}
	}
	summary, err := m.train(ctx)
	if errors.Is(err, ErrDrained) {
		err = nil
	}
	return summary, errors.Join(err, m.net.close(context.WithoutCancel(ctx)))
}

// progress is the flight record of a process: where it dies if a script says so.
func (n *simNode) progress(p cluster.Progress) {
	w := n.world
	w.mu.Lock()
	n.phase = p.Phase
	dies := !n.killed && n.deathAt == int(p.Step) && n.deathIn == p.Phase
	w.mu.Unlock()
	if dies {
		w.kill(n)
	}
}

// drag takes the time that a script says.
func (n *simNode) drag() {
	n.world.mu.Lock()
	slow := n.slowIn != "" && n.slowIn == n.phase
	n.world.mu.Unlock()
	if slow {
		<-time.After(n.slowFor)
	}
}

// hangs tells whether a script has the process stand still at p.
func (n *simNode) hangs(p cluster.Progress) bool {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return n.hangAt == int(p.Step) && n.hangIn == p.Phase
}

// flip spoils the parameters where a script says so.
func (n *simNode) flip(p cluster.Progress, j *job) {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	if n.flipAt < 0 || p.Phase != "forward" || int(p.Step) < n.flipAt || int(p.Step) > n.flipAt && !n.flipsOn {
		return
	}
	j.net.Params()[3] += 0.125
	if !n.flipsOn {
		n.flipAt = -1
	}
}

// note changes the node under the lock and wakes who waits.
func (n *simNode) note(f func()) {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	f()
	n.world.announce()
}

func simLog() zerolog.Logger {
	if os.Getenv("SIMLOG") == "" {
		return zerolog.Nop()
	}
	return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: "05.000", NoColor: true}).With().Timestamp().Logger()
}
