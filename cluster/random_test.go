package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
)

// schedule is a random history of misfortunes.
type schedule struct {
	*sim
	rnd      *rand.Rand
	deaths   bool // processes die and leave
	cuts     bool // links fail and processes fall silent
	frozen   map[*actor]bool
	gone     map[*actor]bool // dead, or left
	cut      bool
	everDied bool
	everCut  bool
	log      []string
}

// Whatever happens, no two rings are agreed on that could both go on, the
// generations that a node sees grow, and when all is well again everybody who
// is left is in one ring within a minute. BALLAST_SCHEDULES raises the number
// of schedules, whose seeds are random then; BALLAST_SEED repeats one.
func TestRandomSchedules(t *testing.T) {
	n, first := 8, uint64(1)
	if v, err := strconv.Atoi(os.Getenv("BALLAST_SCHEDULES")); err == nil {
		n, first = v, rand.Uint64N(1<<40)
	}
	if v, err := strconv.ParseUint(os.Getenv("BALLAST_SEED"), 10, 64); err == nil {
		n, first = 1, v
	}
	var slowest time.Duration
	for i := range uint64(n) {
		seed := first + i
		var log []string
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			simulate(t, func(t *testing.T, s *sim) {
				x := &schedule{sim: s, rnd: rand.New(rand.NewPCG(seed, 7)), frozen: map[*actor]bool{}, gone: map[*actor]bool{}}
				defer func() { log = x.log }()
				x.deaths, x.cuts = x.rnd.IntN(3) > 0, x.rnd.IntN(3) > 0
				x.run()
				slowest = max(slowest, x.settle())
			})
		})
		if !ok {
			t.Errorf("run it again with BALLAST_SEED=%d:\n%v", seed, log)
			for _, l := range log {
				t.Log(l)
			}
			break
		}
	}
	t.Logf("%d schedules; the slowest ring after all was well took %v of simulated time", n, slowest)
}

// note writes down what is done.
func (x *schedule) note(format string, args ...any) {
	x.log = append(x.log, fmt.Sprintf("%8.3f ", time.Since(x.nodes[0].begun).Seconds())+fmt.Sprintf(format, args...))
}

// run starts a few nodes and has a few things happen to them.
func (x *schedule) run() {
	n := 2 + x.rnd.IntN(5)
	for i := range n {
		a := x.place(fmt.Sprintf("n%d", 2*i+1))
		a.cfg.Nodes, a.cfg.Shards, a.cfg.StartTimeout = n, 16, time.Hour
		a.cfg.Join = []string{x.nodes[0].end.Addr()}
	}
	for _, a := range x.nodes {
		a.start()
	}
	if x.rnd.IntN(4) > 0 {
		x.ring(x.nodes...)
	}
	for range 3 + x.rnd.IntN(15) {
		x.happen()
		if x.rnd.IntN(3) > 0 {
			d := time.Duration(x.rnd.ExpFloat64() * []float64{2e6, 5e7, 1e9, 6e9}[x.rnd.IntN(4)])
			pass(d)
		}
	}
}

// live are the nodes that are neither dead nor gone.
func (x *schedule) live() []*actor {
	return slices.DeleteFunc(slices.Clone(x.nodes), func(a *actor) bool { return x.gone[a] })
}

// happen has one thing happen.
func (x *schedule) happen() {
	live := x.live()
	a := live[x.rnd.IntN(len(live))]
	switch what := x.rnd.IntN(12); {
	case what < 3 && x.deaths && len(live) > 1:
		x.note("kill %s", a.cfg.Name)
		x.gone[a], x.everDied = true, true
		a.kill()
	case what == 3 && x.deaths && len(live) > 1:
		select {
		case <-a.joined:
		default:
			return // it still looks for somebody
		}
		x.note("%s leaves", a.cfg.Name)
		x.gone[a], x.everDied = true, true
		a.note(func() { a.killed = true })
		if err := a.node.Leave(x.t.Context()); err != nil {
			x.t.Error(err)
		}
		x.net.Kill(a.end)
	case what == 4 && x.cuts:
		x.note("freeze %s", a.cfg.Name)
		x.frozen[a], x.everCut = true, true
		x.net.Freeze(a.end)
	case what == 5 && x.cuts:
		for b := range x.frozen {
			x.note("thaw %s", b.cfg.Name)
			x.net.Thaw(b.end)
		}
		clear(x.frozen)
	case what == 6 && x.cuts:
		sides := make([][]*actor, 2+x.rnd.IntN(2))
		for _, b := range x.nodes {
			i := x.rnd.IntN(len(sides))
			sides[i] = append(sides[i], b)
		}
		x.note("partition %v", names(sides))
		x.cut, x.everCut = true, true
		switch len(sides) {
		case 2:
			x.net.Partition(ends(sides[0]), ends(sides[1]))
		default:
			x.net.Partition(ends(sides[0]), ends(sides[1]), ends(sides[2]))
		}
	case what == 7 && x.cuts:
		b := live[x.rnd.IntN(len(live))]
		if a != b {
			x.note("cut %s from %s", a.cfg.Name, b.cfg.Name)
			x.net.Cut(a.end, b.end)
			x.everCut = true
		}
	case what == 8 && x.cuts:
		x.note("heal")
		x.net.Partition(ends(x.nodes))
	case what == 9:
		x.mu.Lock()
		r := a.on
		x.mu.Unlock()
		if len(r.Members) > 1 {
			peer := r.Members[x.rnd.IntN(len(r.Members))].Name
			x.note("%s reports %s", a.cfg.Name, peer)
			a.node.Report(x.t.Context(), cluster.Loss{Generation: r.Generation, Peer: peer, Reason: "the ring broke"})
		}
	default:
		if len(x.nodes) < 12 {
			b := x.place(fmt.Sprintf("n%d", x.rnd.IntN(20)))
			b.cfg.Nodes, b.cfg.Shards, b.cfg.StartTimeout = x.nodes[0].cfg.Nodes, 16, time.Hour
			for _, o := range x.nodes {
				b.cfg.Join = append(b.cfg.Join, o.end.Addr())
			}
			x.note("%s comes", b.cfg.Name)
			b.start()
		}
	}
	x.apart()
}

func names(sides [][]*actor) [][]string {
	out := make([][]string, len(sides))
	for i, s := range sides {
		for _, a := range s {
			out[i] = append(out[i], a.cfg.Name)
		}
	}
	return out
}

// apart checks that no two rings without a common member are trained on. After
// a death a cut may hide what the dead had agreed to, and both sides may go on:
// then they must only find each other in the end.
func (x *schedule) apart() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.lenient = x.everDied && x.everCut; x.lenient {
		return
	}
	live := x.live()
	for _, a := range live {
		for _, b := range live {
			if a.on.Generation > 0 && b.on.Generation > a.on.Generation && !slices.ContainsFunc(a.on.Names(), func(n string) bool {
				_, in := b.on.Rank(n)
				return in
			}) {
				x.t.Errorf("%s trains on generation %d of %v, %s on %d of %v", a.cfg.Name, a.on.Generation, a.on.Names(), b.cfg.Name, b.on.Generation, b.on.Names())
			}
		}
	}
}

// settle makes all well again and waits for the ring of all who are left. It
// returns how long that took.
func (x *schedule) settle() time.Duration {
	for a := range x.frozen {
		x.net.Thaw(a.end)
	}
	x.net.Partition(ends(x.nodes))
	x.note("all is well again")
	begun := time.Now()
	live := x.live()
	x.mu.Lock()
	was := slices.ContainsFunc(live, func(a *actor) bool { return a.last > 0 })
	x.mu.Unlock()
	if !was && len(live) < x.nodes[0].cfg.Nodes {
		return 0 // there may never have been a first ring
	}
	x.until(5*time.Minute, func() string {
		for _, a := range live {
			if a.on.Generation == 0 || a.on.Hash() != live[0].on.Hash() || len(a.on.Members) != len(live) {
				return fmt.Sprintf("the %d who are left are not on one ring", len(live))
			}
		}
		return ""
	})
	return time.Since(begun)
}
