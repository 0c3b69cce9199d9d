package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ballast-ml/ballast/internal/bench"
)

// paired takes two kinds of steps in turn, changing which comes first.
func (c comparison) paired(ctx context.Context, what string, nodes int, base, more bench.StepTask) (bases, mores []bench.StepResult, err error) {
	base.Transport, more.Transport = bench.BestTransport, bench.BestTransport
	first := true
	err = c.eachRound(what, func() error {
		tasks := []bench.StepTask{base, more}
		order := []int{0, 1}
		if !first {
			order = []int{1, 0}
		}
		first = !first
		var results [2]bench.StepResult
		for _, i := range order {
			if tasks[i].Whole {
				dir, err := os.MkdirTemp("", "ballast-peers-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(dir)
				tasks[i].Dir = dir
			}
			if results[i], err = c.crew.Step(ctx, nodes, tasks[i]); err != nil {
				return err
			}
		}
		bases, mores = append(bases, results[0]), append(mores, results[1])
		return nil
	})
	return bases, mores, err
}

// ratio returns more/base of a figure, round by round.
func ratio(bases, mores []bench.StepResult, of func(bench.StepResult) float64) (ratios []float64) {
	for i := range bases {
		ratios = append(ratios, of(mores[i])/of(bases[i]))
	}
	return ratios
}

// interval writes how much more time a step takes, with the 95 % interval.
func interval(ratios []float64) (text string, upper float64) {
	mean, lo, hi := bench.Interval(ratios)
	return fmt.Sprintf("%s (%s to %s)", percentMore(mean), percentMore(lo), percentMore(hi)), hi
}

// wait is what a step waits in the phases that need others, in milliseconds.
func wait(r bench.StepResult) float64 { return 1e3 * (r.Phases.Normalizer + r.Phases.AllReduce) }

// costs adds the row of a feature that should cost nothing: time of the whole
// step with its interval, and processor time plus exposed wait.
func costs(t *table, what string, nodes int, bases, mores []bench.StepResult, time func(bench.StepResult) float64) {
	text, upper := interval(ratio(bases, mores, time))
	load := ratio(bases, mores, func(r bench.StepResult) float64 { return r.CPU })
	if nodes > 1 {
		load = ratio(bases, mores, func(r bench.StepResult) float64 { return r.CPU + wait(r) })
	}
	median := bench.Median(load)
	t.row(what, fmt.Sprint(nodes), fmt.Sprintf("%.3f", bench.Median(each(bases, time))), fmt.Sprintf("%.3f", bench.Median(each(mores, time))),
		text, "≤ 3 %", met(upper <= 1.03), percentMore(median), "≤ 1 %", met(median <= 1.01))
}

func each(results []bench.StepResult, of func(bench.StepResult) float64) (values []float64) {
	for _, r := range results {
		values = append(values, of(r))
	}
	return values
}

var costHead = []string{"what", "processes", "ms without", "ms with", "time more (95 %)", "aim (upper end)", "met", "CPU + wait more", "aim", "met"}

func medianStep(r bench.StepResult) float64 { return r.Millis }
func meanStep(r bench.StepResult) float64   { return float64(r.Batch) / r.Mean * 1e3 }

// method compares ABSGD with plain averaging.
func method(ctx context.Context, c comparison) (table, error) {
	t := table{
		Title: "ABSGD, beside plain averaging",
		Text:  "The weights of ABSGD and the collective that makes them exact: a step with --method absgd beside one with erm, in pairs.",
		Head:  costHead,
	}
	for _, model := range []string{"mlp", "lenet"} {
		for n := 1; n <= 2; n++ {
			task := bench.StepTask{Model: model, Method: "erm", Duration: 1500 * time.Millisecond}
			more := task
			more.Method = "absgd"
			bases, mores, err := c.paired(ctx, fmt.Sprintf("method: %s on %d", model, n), n, task, more)
			if err != nil {
				return t, err
			}
			costs(&t, model, n, bases, mores, medianStep)
		}
	}
	return t, nil
}

// elastic compares steps of a whole run with bare ones.
func elastic(ctx context.Context, c comparison) (table, error) {
	t := table{
		Title: "Elasticity, beside none",
		Text: "400 steps of a whole run (membership by gossip, flight records, comparison of the nodes' states, a checkpoint every 100 steps) beside the same " +
			"steps on a ring that nobody watches, on the built-in data, in pairs; means, so that what happens now and then counts.",
		Head: costHead,
	}
	for _, model := range []string{"mlp", "lenet"} {
		base := bench.StepTask{Model: model, Method: "absgd", Glyphs: true, Steps: 400}
		more := base
		more.Whole = true
		bases, mores, err := c.paired(ctx, "elastic: "+model, 2, base, more)
		if err != nil {
			return t, err
		}
		costs(&t, model, 2, bases, mores, meanStep)
	}
	return t, nil
}

// shards compares eight shards on two processes with two.
func shards(ctx context.Context, c comparison) (table, error) {
	t := table{
		Title: "Eight shards on two processes, beside two",
		Text:  "The same global batch in 8 shards and in 2, on two processes, in pairs: what the freedom to grow to eight nodes costs.",
		Head:  []string{"model", "2 shards: samples/s", "8 shards: samples/s", "slower by (95 %)", "aim", "met"},
	}
	base := bench.StepTask{Model: "lenet", Method: "absgd", Shards: 2, Duration: 1500 * time.Millisecond}
	more := base
	more.Shards = 8
	bases, mores, err := c.paired(ctx, "shards", 2, base, more)
	if err != nil {
		return t, err
	}
	ratios := ratio(bases, mores, medianStep)
	text, _ := interval(ratios)
	samples := func(r bench.StepResult) float64 { return r.Samples }
	t.row("lenet", fmt.Sprintf("%.0f", bench.Median(each(bases, samples))), fmt.Sprintf("%.0f", bench.Median(each(mores, samples))),
		text, "≤ 10 %", met(bench.Median(ratios) <= 1.10))
	return t, nil
}

// processes compares what two processes gain with what two probes gain that
// have nothing to say to each other.
func processes(ctx context.Context, c comparison) (table, error) {
	t := table{
		Title: "Two processes, beside one",
		Text: "Samples per second of two processes by those of one, each with its own batch; and the same for a probe that only multiplies and adds in registers, " +
			"in the same round: what the machine has to give at that moment.",
		Head: []string{"model", "one", "two", "gain", "gain of the probe", "gain by the probe's", "aim", "met"},
	}
	const d = 1500 * time.Millisecond
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
