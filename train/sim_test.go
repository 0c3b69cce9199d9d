package train

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
	"github.com/ballast-ml/ballast/dataset"
)

// world is a run of real members, with the real agreement, gossip and ring,
// over networks in memory and in simulated time. What befalls it is written in
// scripts, one command a line:
//
//	start N              N nodes that wait for each other
//	join                 one more
//	step K               until every live node that can go on has committed K steps
//	kill I[,J]           the processes die
//	kill I at K PHASE    node I dies when it enters that phase of step K
//	freeze I / thaw I    the process stops answering / goes on
//	partition A | B      what A and B send to each other is lost (lists of nodes)
//	heal                 no partition any more
//	corrupt I at K       a bit of node I's memory flips in step K
//	corrupt I from K     it does so in every step from K on
//	drain I              node I is asked to leave
//	pass DURATION        simulated time passes
//	expect done I,J...   these nodes end with the model of an undisturbed run
//	expect dead I        node I has died where it was told to
//	expect left I        node I has left in good order
//	expect failed I      node I has given up with an error of its own
type world struct {
	t    testing.TB
	cfg  Config
	data *dataset.Data
	want string // the model's checksum

	net *clustertest.Network
	mem *allreduce.Mem

	mu    sync.Mutex
	moved chan struct{} // closed and replaced when a node gets on
	nodes []*simNode
}

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
	killed   bool
	deathAt  int // step, from 0
	deathIn  string
	flipAt   int  // step, from 0, in which a bit flips; -1: never
	flipsOn  bool // and in every later one
	finished bool

	summary Summary
	err     error
}

// hop is how long a frame takes: simulated time passes in no other way while
// nothing goes wrong.
const hop = 5 * time.Millisecond

func newWorld(t testing.TB, cfg Config, data *dataset.Data, want string) *world {
	return &world{t: t, cfg: cfg, data: data, want: want, net: clustertest.New(), mem: allreduce.NewMem(), moved: make(chan struct{})}
}

// spawn starts one more process. It waits for min nodes at first; 0: for whoever is there.
func (w *world) spawn(min int) *simNode {
	w.mu.Lock()
	n := &simNode{
		world: w, index: len(w.nodes), end: w.net.Endpoint(), deathAt: -1, flipAt: -1,
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
	j, err := newJob(w.cfg, w.data)
	if err != nil {
		return Summary{}, err
	}
	j.observe = Tee(Observer{
		StepDone: func(v StepDone) { n.note(func() { n.step = v.Step }) },
	}, Observer{})
	m := &member{job: j, started: time.Now(), opts: Options{
		Name: fmt.Sprintf("n%02d", n.index), Join: join, Nodes: min, Drain: n.drain, StartTimeout: time.Hour, Log: simLog(),
	}}
	if m.net, err = m.enter(ctx, 0, n.end, w.mem); err != nil {
		return Summary{}, err
	}
	self := m.net.node.Self().Name
	n.note(func() { n.name = self; w.slow(n) })
	told := m.net.progress
	m.net.progress = func(p cluster.Progress) {
		n.progress(p)
		n.flip(p, j)
		told(p)
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
	dies := !n.killed && n.deathAt == int(p.Step) && n.deathIn == p.Phase
	w.mu.Unlock()
	if dies {
		w.kill(n)
	}
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

// announce wakes who waits; the lock is held.
func (w *world) announce() {
	close(w.moved)
	w.moved = make(chan struct{})
}

// slow gives every edge to and from n its delay; the lock is held.
func (w *world) slow(n *simNode) {
	for _, other := range w.nodes {
		if other != n && other.name != "" {
			w.mem.Delay(n.name, other.name, hop)
			w.mem.Delay(other.name, n.name, hop)
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

// do carries out one line of a script.
func (w *world) do(line string) {
	w.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "start":
		for range w.number(rest) {
			w.spawn(w.number(rest))
		}
	case "join":
		w.spawn(0)
	case "step":
		k := w.number(rest)
		w.until(line, func() bool {
			return !slices.ContainsFunc(w.live(), func(n *simNode) bool { return n.step < k })
		})
	case "kill":
		who, when, later := strings.Cut(rest, " at ")
		for _, n := range w.list(who) {
			if !later {
				w.kill(n)
				continue
			}
			step, in, _ := strings.Cut(when, " ")
			n.note(func() { n.deathAt, n.deathIn = w.number(step)-1, in })
		}
	case "corrupt":
		who, step, on := strings.Cut(rest, " from ")
		if !on {
			who, step, _ = strings.Cut(rest, " at ")
		}
		for _, n := range w.list(who) {
			n.note(func() { n.flipAt, n.flipsOn = w.number(step)-1, on })
		}
	case "freeze", "thaw":
		for _, n := range w.list(rest) {
			w.freeze(n, word == "freeze")
		}
	case "partition":
		w.partition(rest)
	case "heal":
		w.partition(list(numbers(len(w.nodes))))
	case "drain":
		for _, n := range w.list(rest) {
			close(n.drain)
		}
	case "pass":
		d, err := time.ParseDuration(rest)
		if err != nil {
			w.t.Fatalf("%s: %v", line, err)
		}
		<-time.After(d)
	case "expect":
		w.expect(line, rest)
	default:
		w.t.Fatalf("unknown command %q", line)
	}
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

// numbers returns 0 to n-1.
func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (w *world) expect(line, rest string) {
	w.t.Helper()
	what, who, _ := strings.Cut(rest, " ")
	for _, n := range w.list(who) {
		w.until(line, func() bool { return n.finished })
		switch {
		case what == "dead":
			if !n.killed {
				w.t.Errorf("%s: node %d ended alive (%v)", line, n.index, n.err)
			}
		case what == "failed":
			if n.err == nil || OfAnother(n.err) {
				w.t.Errorf("%s: node %d ended with %v, expected an error of its own", line, n.index, n.err)
			}
		case n.err != nil:
			w.t.Errorf("%s: node %d: %v", line, n.index, n.err)
		case what == "done" && n.summary.ModelSHA256 != w.want:
			w.t.Errorf("%s: node %d ended with model %q, undisturbed %q", line, n.index, n.summary.ModelSHA256, w.want)
		case what == "left" && n.summary.ModelSHA256 != "":
			w.t.Errorf("%s: node %d finished the run", line, n.index)
		}
	}
}

func (w *world) number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		w.t.Fatalf("not a number: %q", s)
	}
	return n
}

func (w *world) list(s string) []*simNode {
	var out []*simNode
	for word := range strings.SplitSeq(s, ",") {
		out = append(out, w.nodes[w.number(word)])
	}
	return out
}

func simLog() zerolog.Logger {
	if os.Getenv("SIMLOG") == "" {
		return zerolog.Nop()
	}
	return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: "05.000", NoColor: true}).With().Timestamp().Logger()
}

// simRun is a small run, its data and the checksum of its undisturbed model.
func simRun(t *testing.T) (Config, *dataset.Data, string) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Batch, cfg.Epochs, cfg.Lambda = "csv:"+writeTable(t, 400), "mlp:8", 20, 3, "2"
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	return cfg, data, inProcess(t, cfg, 1).ModelSHA256
}

// play plays a script in a bubble of simulated time.
func play(t *testing.T, cfg Config, data *dataset.Data, want, script string) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, cfg, data, want)
		defer w.end()
		lines := bufio.NewScanner(strings.NewReader(script))
		for lines.Scan() {
			line, _, _ := strings.Cut(lines.Text(), "#")
			if line = strings.TrimSpace(line); line != "" {
				w.do(line)
			}
		}
	})
}

// TestScripts plays every script of testdata. Each bug that was found by
// chance stays as one.
func TestScripts(t *testing.T) {
	cfg, data, want := simRun(t)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, cfg, data, want, string(script))
		})
	}
}
