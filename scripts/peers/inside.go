package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ballast-ml/ballast/internal/bench"
)

// median writes how much more time steps take, with the 95 % interval.
func median(ratios []float64) (text string, upper float64) {
	m, lo, hi := bench.MedianInterval(ratios)
	return fmt.Sprintf("%s (%s to %s)", percentMore(m), percentMore(lo), percentMore(hi)), hi
}

// pairs is what two kinds of steps took in turn, block by block.
type pairs struct {
	base, more []float64 // samples per second
	time, load []float64 // ratios, more by base: of the time, and of processor time plus exposed wait
}

// inTurn measures two kinds of steps that take turns in the same processes, which
// are new ones in each round. The kind that is prepared second gets the worse
// memory: of two that are the same, it took 0.3 % longer on the MLP and 1.3 % on
// LeNet. So the two change places from round to round.
func (c comparison) inTurn(ctx context.Context, what string, nodes int, p bench.PairTask) (out pairs, err error) {
	p.Base.Transport, p.More.Transport = bench.BestTransport, bench.BestTransport
	swapped := true
	err = c.eachRound(fmt.Sprintf("%s: %s on %d", what, p.Base.Model, nodes), func() error {
		swapped = !swapped
		dir, err := os.MkdirTemp("", "ballast-peers-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		p.More.Dir = dir
		ordered := p
		if swapped {
			ordered.Base, ordered.More = p.More, p.Base
		}
		r, err := c.crew.Pair(ctx, nodes, ordered)
		if err != nil {
			return err
		}
		if swapped {
			r.Base, r.More = r.More, r.Base
		}
		for i, ms := range r.Base.Millis {
			out.base = append(out.base, float64(r.Batch)/ms*1e3)
			out.more = append(out.more, float64(r.Batch)/r.More.Millis[i]*1e3)
			out.time = append(out.time, r.More.Millis[i]/ms)
			out.load = append(out.load, (r.More.CPU[i]+r.More.Wait[i])/(r.Base.CPU[i]+r.Base.Wait[i]))
		}
		return nil
	})
	return out, err
}

// cost is the row of a feature that should cost nothing.
func (p pairs) cost(t *table, what string, nodes int) {
	time, upper := median(p.time)
	load, _ := median(p.load)
	t.row(what, fmt.Sprint(nodes), fmt.Sprint(len(p.time)), fmt.Sprintf("%.0f", bench.Median(p.base)), fmt.Sprintf("%.0f", bench.Median(p.more)),
		time, "≤ 3 %", met(upper <= 1.03), load, "≤ 1 %", met(bench.Median(p.load) <= 1.01))
}

var costHead = []string{"what", "processes", "pairs", "without: samples/s", "with: samples/s", "time more (95 %)", "aim (upper end)", "met", "CPU + wait more (95 %)", "aim", "met"}

// method compares ABSGD with plain averaging.
func method(ctx context.Context, c comparison) (table, error) {
	t := table{
		Text: "The weights of ABSGD and the collective that makes them exact: steps with --method absgd beside steps with erm. Both take turns in the same processes, " +
			"some tens of milliseconds each; medians over the pairs, and intervals by order statistics.",
		Head: costHead,
	}
	for _, model := range []string{"mlp", "lenet"} {
		for n := 1; n <= 2; n++ {
			p := bench.PairTask{Base: bench.StepTask{Model: model, Method: "erm"}, More: bench.StepTask{Model: model, Method: "absgd"}, Block: 20, Pairs: 50}
			if model == "lenet" {
				p.Block = 5
			}
			pairs, err := c.inTurn(ctx, "method", n, p)
			if err != nil {
				return t, err
			}
			pairs.cost(&t, model, n)
		}
	}
	return t, nil
}

// elastic compares steps of a whole run with bare ones.
func elastic(ctx context.Context, c comparison) (table, error) {
	t := table{
		Text: "Steps of a whole run (membership by gossip, flight records, comparison of the nodes' states every 100 steps) beside the same " +
			"steps on a ring that nobody watches, on the built-in data. Both take turns in the same processes, 100 steps each, so that each turn has one comparison; " +
			"medians over the pairs, and intervals by order statistics. What gossip does in the background falls on both.",
		Head: costHead,
	}
	for _, model := range []string{"mlp", "lenet"} {
		// Processes differ more than pairs within them: few pairs in many rounds.
		p := bench.PairTask{Base: bench.StepTask{Model: model, Method: "absgd", Glyphs: true}, Block: 100, Pairs: 5}
		p.More = p.Base
		p.More.Whole = true
		pairs, err := c.inTurn(ctx, "elastic", 2, p)
		if err != nil {
			return t, err
		}
		pairs.cost(&t, model, 2)
	}
	return t, nil
}

// shards compares eight shards on two processes with two.
func shards(ctx context.Context, c comparison) (table, error) {
	t := table{
		Text: "The same global batch in 8 shards and in 2, on two processes, in turn: what the freedom to grow to eight nodes costs.",
		Head: []string{"model", "pairs", "2 shards: samples/s", "8 shards: samples/s", "more time (95 %)", "aim", "met"},
	}
	p := bench.PairTask{Base: bench.StepTask{Model: "lenet", Method: "absgd", Shards: 2}, Block: 5, Pairs: 50}
	p.More = p.Base
	p.More.Shards = 8
	pairs, err := c.inTurn(ctx, "shards", 2, p)
	if err != nil {
		return t, err
	}
	time, _ := median(pairs.time)
	t.row("lenet", fmt.Sprint(len(pairs.time)), fmt.Sprintf("%.0f", bench.Median(pairs.base)), fmt.Sprintf("%.0f", bench.Median(pairs.more)),
		time, "≤ 10 %", met(bench.Median(pairs.time) <= 1.10))
	return t, nil
}

// processes compares what two processes gain with what two probes gain that
// have nothing to say to each other.
func processes(ctx context.Context, c comparison) (table, error) {
	t := table{
		Text: "Samples per second of two processes by those of one, each with its own batch; and the same for a probe that only multiplies and adds in registers, " +
			"in the same round: what the machine has to give at that moment.",
		Head: []string{"model", "one", "two", "gain", "gain of the probe", "gain by the probe's", "aim", "met"},
	}
	const d = 500 * time.Millisecond // short, since the machine changes its pace within seconds
	for _, model := range []string{"lenet", "resnet20"} {
		var one, two, gains, probes, shares []float64
		err := c.eachRound("processes: "+model, func() error {
			var rates, samples [2]float64
			for n := 1; n <= 2; n++ {
				p, err := c.crew.Probe(ctx, n, d/3)
				if err != nil {
					return err
				}
				r, err := c.crew.Step(ctx, n, bench.StepTask{Model: model, Method: "absgd", Transport: bench.BestTransport, Duration: d})
				if err != nil {
					return err
				}
				rates[n-1], samples[n-1] = p, r.Samples
			}
			gain, probe := samples[1]/samples[0], rates[1]/rates[0]
			one, two = append(one, samples[0]), append(two, samples[1])
			gains, probes, shares = append(gains, gain), append(probes, probe), append(shares, gain/probe)
			return nil
		})
		if err != nil {
			return t, err
		}
		t.row(model, fmt.Sprintf("%.0f", bench.Median(one)), fmt.Sprintf("%.0f", bench.Median(two)), spread(gains), spread(probes), spread(shares),
			"≥ 0.92", met(bench.Median(shares) >= 0.92))
	}
	return t, nil
}
