package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// PairResult is the cost of one kind of steps beside another, seen by the first
// process: a value for each block, in milliseconds of a step.
type PairResult struct {
	Batch      int   `json:"batch"` // samples of all processes
	Base, More Costs `json:",omitzero"`
}

// Costs are what the steps of one kind took, block by block.
type Costs struct {
	Millis []float64 `json:"ms"`      // time
	CPU    []float64 `json:"ms_cpu"`  // processor time of the process
	Wait   []float64 `json:"ms_wait"` // in the phases that need the other processes
}

// Pair measures two kinds of steps in turn on a number of processes.
func (c Crew) Pair(ctx context.Context, nodes int, t PairTask) (PairResult, error) {
	results, err := c.do(ctx, nodes, task{Pair: &t})
	if err != nil {
		return PairResult{}, fmt.Errorf("pairs of steps of %s on %d processes: %w", t.Base.Model, nodes, err)
	}
	var r PairResult
	return r, json.Unmarshal(results[0], &r)
}

// pair prepares both kinds, and lets each take its steps when it is its turn.
func (t task) pair(ctx context.Context, meet func(string) ([]string, error)) (result PairResult, err error) {
	var sides [2]*side
	for i, kind := range []StepTask{t.Pair.Base, t.Pair.More} {
		own := t
		own.Step = &kind
		p, err := own.prepare(ctx, meet)
		if err != nil {
			return PairResult{}, err
		}
		defer func() { err = errors.Join(err, p.leave()) }()
		p.cfg.Steps = maxWarm + t.Pair.Block*t.Pair.Pairs
		sides[i] = &side{steps: p, block: t.Pair.Block, turn: make(chan struct{}, 1)}
	}
	sides[0].next, sides[1].next = sides[1].turn, sides[0].turn
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sides[0].turn <- struct{}{}
	other := make(chan error)
	go func() { other <- sides[1].take(ctx, cancel) }()
	err = sides[0].take(ctx, cancel)
	if err = cmp.Or(err, <-other); err != nil {
		return PairResult{}, cmp.Or(context.Cause(ctx), err)
	}
	return PairResult{Batch: sides[0].steps.cfg.Batch, Base: sides[0].costs, More: sides[1].costs}, nil
}

// side is one of the two kinds. It takes steps only while it has the turn, which
// it gives to the other after those that warm up and after each block.
type side struct {
	steps      prepared
	block      int
	turn, next chan struct{}

	began time.Time // the block
	cpu   time.Duration
	wait  float64 // seconds
	costs Costs
}

// take takes all steps. Its error ends the other side too.
func (s *side) take(ctx context.Context, cancel context.CancelCauseFunc) error {
	err := s.await(ctx)
	if err == nil {
		err = s.steps.take(ctx, s.steps.cfg, train.Observer{StepDone: func(d train.StepDone) { s.stepped(ctx, d) }})
	}
	if err != nil {
		cancel(err)
	}
	return err
}

// stepped counts a step, and gives the turn away at the end of a block.
func (s *side) stepped(ctx context.Context, d train.StepDone) {
	s.wait += d.Phases.Normalizer + d.Phases.AllReduce
	taken := d.Step - maxWarm
	if taken < 0 || taken%s.block != 0 {
		return
	}
	if taken > 0 {
		s.costs.add(float64(s.block), time.Since(s.began), cpuTime()-s.cpu, s.wait)
	}
	s.next <- struct{}{}
	if d.Step < s.steps.cfg.Steps {
		_ = s.await(ctx) // when the other has failed, the next step fails by ctx
	}
}

// await waits for the turn, and begins a block.
func (s *side) await(ctx context.Context) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.began, s.cpu, s.wait = time.Now(), cpuTime(), 0
	return nil
}

// add appends the costs of a block of steps.
func (c *Costs) add(steps float64, took, cpu time.Duration, wait float64) {
	c.Millis = append(c.Millis, took.Seconds()*1e3/steps)
	c.CPU = append(c.CPU, cpu.Seconds()*1e3/steps)
	c.Wait = append(c.Wait, wait*1e3/steps)
}
