package train

import (
	"bufio"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// do carries out one line of a script:
//
//	chords N             rings of N nodes and more have chords; before any start
//	fold F               gradients are summed in F groups of shards; before any start
//	checkpoints K        all nodes have one run directory, with a checkpoint every K steps; before any start
//	start N              N nodes that wait for each other
//	join                 one more
//	step K               until every live node that can go on has committed K steps
//	kill I[,J]           the processes die
//	kill I at K PHASE    node I dies when it enters that phase of step K
//	hang I at K PHASE    node I answers, but never gets on from that phase of step K
//	slow I PHASE D       whatever node I gets done within that phase takes D more
//	delay D              every frame takes so long
//	freeze I / thaw I    the process stops answering / goes on
//	partition A | B      what A and B send to each other is lost (lists of nodes)
//	heal                 no partition any more
//	break I,J            the connections between two nodes break, and can be made again
//	corrupt I at K       a bit of node I's memory flips in step K
//	corrupt I from K     it does so in every step from K on
//	drain I              node I is asked to leave
//	pass DURATION        simulated time passes
//	expect done I,J...   these nodes end with the model of an undisturbed run
//	expect calm I,J...   and all of it on one ring
//	expect dead I        node I has died where it was told to
//	expect left I        node I has left in good order
//	expect failed I      node I has given up with an error of its own
//	expect sound K,...   there are these checkpoints, and each leads to the model of an undisturbed run
func (w *world) do(line string) {
	w.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "chords":
		w.sizes.Chords = w.number(rest)
	case "fold":
		w.cfg.Fold = w.number(rest)
		w.want = inProcess(w.t, w.cfg, 1).ModelSHA256
	case "checkpoints":
		w.dir, w.every = w.t.TempDir(), w.number(rest)
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
		w.killed(rest)
	case "hang":
		who, when, _ := strings.Cut(rest, " at ")
		step, in, _ := strings.Cut(when, " ")
		for _, n := range w.list(who) {
			n.note(func() { n.hangAt, n.hangIn = w.number(step)-1, in })
		}
	case "slow":
		f := strings.Fields(rest)
		for _, n := range w.list(f[0]) {
			n.note(func() { n.slowIn, n.slowFor = f[1], w.duration(f[2]) })
		}
	case "delay":
		w.delay(w.duration(rest))
	case "corrupt":
		w.corrupted(rest)
	case "freeze", "thaw":
		for _, n := range w.list(rest) {
			w.freeze(n, word == "freeze")
		}
	case "partition":
		w.partition(rest)
	case "heal":
		w.partition(list(numbers(len(w.nodes))))
	case "break":
		two := w.list(rest)
		w.mem.Cut(two[0].name, two[1].name)
		w.mem.Cut(two[1].name, two[0].name)
		w.mem.Mend(two[0].name, two[1].name)
		w.mem.Mend(two[1].name, two[0].name)
	case "drain":
		for _, n := range w.list(rest) {
			close(n.drain)
		}
	case "pass":
		<-time.After(w.duration(rest))
	case "expect":
		w.expect(line, rest)
	default:
		w.t.Fatalf("unknown command %q", line)
	}
}

// killed is the command kill.
func (w *world) killed(text string) {
	who, when, later := strings.Cut(text, " at ")
	for _, n := range w.list(who) {
		if !later {
			w.kill(n)
			continue
		}
		step, in, _ := strings.Cut(when, " ")
		n.note(func() { n.deathAt, n.deathIn = w.number(step)-1, in })
	}
}

// corrupted is the command corrupt.
func (w *world) corrupted(text string) {
	who, step, on := strings.Cut(text, " from ")
	if !on {
		who, step, _ = strings.Cut(text, " at ")
	}
	for _, n := range w.list(who) {
		n.note(func() { n.flipAt, n.flipsOn = w.number(step)-1, on })
	}
}

func (w *world) number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		w.t.Fatalf("not a number: %q", s)
	}
	return n
}

func (w *world) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) list(s string) []*simNode {
	var out []*simNode
	for word := range strings.SplitSeq(s, ",") {
		out = append(out, w.nodes[w.number(word)])
	}
	return out
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
	if what == "sound" {
		w.sound(line, who)
		return
	}
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
		case what == "calm" && n.rings != 1:
			w.t.Errorf("%s: node %d has been on %d rings", line, n.index, n.rings)
		case what == "done" && n.summary.ModelSHA256 != w.want:
			w.t.Errorf("%s: node %d ended with model %q, undisturbed %q", line, n.index, n.summary.ModelSHA256, w.want)
		case what == "left" && n.summary.ModelSHA256 != "":
			w.t.Errorf("%s: node %d finished the run", line, n.index)
		}
	}
}

// sound goes on from each checkpoint in the run directory.
func (w *world) sound(line, steps string) {
	w.t.Helper()
	var want []string
	for step := range strings.SplitSeq(steps, ",") {
		want = append(want, checkpointName(w.number(step)))
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "step-*"))
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		got = append(got, filepath.Base(file))
		j := testJob(w.t, w.cfg, w.data)
		s, err := readCheckpoint(file, j)
		if err == nil {
			err = s.restore(j)
		}
		if err != nil {
			w.t.Fatalf("%s: %v", line, err)
		}
		if end, err := trainJobs(w.t.Context(), j); err != nil || end[0].ModelSHA256 != w.want {
			w.t.Errorf("%s: from %s a node ends with %v, %v", line, file, end, err)
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: the checkpoints are %v", line, got)
	}
}

// play plays a script in a bubble of simulated time.
func play(t *testing.T, cfg Config, data *dataset.Data, want, script string) {
	bubble.Test(t, func(t *testing.T) {
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
