package train

import (
	"fmt"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// job is what a run is, whatever ring it is on: the data, the plan, and the
// state that commits change. Every node builds the same one from the same
// configuration and data.
type job struct {
	cfg  Config // resolved
	data *dataset.Data
	plan dataset.Plan
	arch model.Config
	// about describes arch and the preprocessing in the job's checkpoints.
	about map[string]string

	net     *model.Network
	loss    model.Loss
	weigher optimizer.Weighter
	groups  *grouping // that the weigher works by; nil: the classes
	opt     *optimizer.Optimizer
	state   state
	// classRows are the rows of each class that the state has used of a stream, else
	// nil.
	classRows []int64

	setup metrics.Setup // what evaluations measure
	judge judge         // by the validation part

	trust     trust    // in the state
	observe   Observer // every field set
	evalEvery int      // epochs; 0: only at the end
	plain     bool     // no collective is under way during the backward pass
	pace      pace
	last      StepDone // the latest that the observers were told of
	evaluated int      // the latest step whose evaluation they were told of
}

// epochEnds tells whether the last committed step was the last of its epoch.
func (j *job) epochEnds() bool {
	if j.plan.Open {
		return j.ended()
	}
	return j.state.Step%j.plan.StepsPerEpoch() == 0
}

// epoch is the number of epochs that have ended.
func (j *job) epoch() int {
	if j.plan.Open && j.ended() {
		return 1
	}
	return j.state.Step / j.plan.StepsPerEpoch()
}

// evaluates tells whether the last committed step is followed by an evaluation:
// it ends an epoch whose turn it is, or one that somebody judges by, as does the
// last step of all.
func (j *job) evaluates() bool {
	if j.judge.on() {
		return j.epochEnds() || j.state.Step == j.plan.TotalSteps()
	}
	return j.evalEvery > 0 && j.epochEnds() && j.epoch()%j.evalEvery == 0
}

// committed tells the observers of a step, once: a step that is repeated after
// a fall back has been told.
func (j *job) committed(done StepDone) {
	if done.Step > j.last.Step {
		j.last = done
		j.observe.StepDone(done)
	}
}

// pace is how fast this node has seen the run go, evaluations and lost rings
// not counted.
type pace struct {
	rows int64
	time time.Duration
}

func (p *pace) add(rows int, d time.Duration) {
	p.rows += int64(rows)
	p.time += d
}

// rate returns samples per second; 0 before the first step.
func (p *pace) rate() float64 {
	if p.time == 0 {
		return 0
	}
	return float64(p.rows) / p.time.Seconds()
}

// newJob resolves cfg by the data and builds the start of the run.
func newJob(cfg Config, data *dataset.Data) (*job, error) {
	start, err := cfg.start()
	if err != nil {
		return nil, err
	}
	if start != nil {
		if cfg, err = cfg.adopt(start); err != nil {
			return nil, err
		}
	}
	if cfg, err = cfg.Resolve(data.Kind); err != nil {
		return nil, err
	}
	j := &job{cfg: cfg, data: data}
	if data.Stream != nil {
		j.classRows = make([]int64, len(data.Classes))
	}
	if j.setup, err = cfg.setup(data.Classes, data.Train.Counts()); err != nil {
		return nil, err
	}
	j.plan = dataset.Plan{
		Rows: data.Train.Len(), Batch: cfg.Batch, Epochs: cfg.Epochs, Steps: cfg.Steps,
		Seed: cfg.Seed, DropLast: cfg.DropLast, InOrder: cfg.Order == "file", Open: data.Stream != nil,
	}
	if err := j.plan.Check(); err != nil {
		return nil, err
	}
	if err := j.buildAugment(); err != nil {
		return nil, err
	}
	if err := j.buildSampling(); err != nil {
		return nil, err
	}
	if err := j.buildNetwork(start); err != nil {
		return nil, err
	}
	if err := j.buildMethod(); err != nil {
		return nil, err
	}
	if j.judge, err = newJudge(cfg, j.net); err != nil {
		return nil, err
	}
	if j.about, err = describe(j.arch, data.Prep); err != nil {
		return nil, err
	}
	return j, j.buildOptimizer()
}

// buildNetwork makes the network, with the parameters of the model that the run
// starts from, if there is one.
func (j *job) buildNetwork(start *Model) (err error) {
	if start != nil {
		j.arch, err = j.cfg.networkFrom(start, j.data)
	} else {
		j.arch, err = j.cfg.network(j.data)
	}
	if err != nil {
		return err
	}
	j.arch.Freeze = items(j.cfg.Freeze)
	if j.net, err = model.New(j.arch); err != nil {
		return fmt.Errorf("--model %s: %w", j.cfg.Model, err)
	}
	if start != nil {
		return j.cfg.transplant(j.net, start)
	}
	return nil
}

// ingredients are what the method's words are made with.
func (j *job) ingredients() Ingredients {
	return Ingredients{Config: j.cfg, Counts: j.counts(), Mass: j.mass()}
}

// buildMethod makes the base loss and the weighter.
func (j *job) buildMethod() error {
	m, err := ParseMethod(j.cfg.Method)
	if err != nil {
		return err
	}
	in := j.ingredients()
	if j.groups = j.groupRows(m.by(j.cfg)); j.groups != nil {
		in.Groups = j.groups.rows
	}
	if j.loss, j.weigher, err = m.build(in); err != nil {
		return fmt.Errorf("--method %s: %w", j.cfg.Method, err)
	}
	return nil
}

// buildAugment says what training images go through.
func (j *job) buildAugment() error {
	a, err := dataset.ParseAugment(j.cfg.Augment)
	if err == nil {
		j.plan.Augment, err = a.For(j.data.Shape)
	}
	if err != nil {
		return fmt.Errorf("--augment %s: %w", j.cfg.Augment, err)
	}
	return nil
}

// buildSampling makes the sampling of later epochs, if the method has one. It
// begins with the first epoch that lies behind its start as a whole.
func (j *job) buildSampling() error {
	m, err := ParseMethod(j.cfg.Method)
	if err != nil || m.Sampling == "" {
		return err
	}
	w := words[m.Sampling]
	shares, start, err := w.Sampling(j.ingredients(), m.own(w))
	if err == nil {
		first, at := 0, optimizer.At{Steps: j.plan.TotalSteps()}
		for ; !at.Reached(start); at.Step += j.plan.StepsPerEpoch() {
			first++
		}
		if j.plan.Resample, err = dataset.NewResample(j.data.Train, shares, first); err == nil {
			err = j.plan.Check()
		}
	}
	if err != nil {
		return fmt.Errorf("--method %s: %w", j.cfg.Method, err)
	}
	return nil
}

func (j *job) buildOptimizer() error {
	schedule, err := optimizer.ParseSchedule(j.cfg.LRSchedule)
	if err != nil {
		return fmt.Errorf("--lr-schedule: %w", err)
	}
	parts, err := j.cfg.parts(j.net)
	if err != nil {
		return err
	}
	j.opt, err = optimizer.New(optimizer.Config{
		Name: j.cfg.Optimizer, LR: j.cfg.LR, Momentum: j.cfg.Momentum,
		WeightDecay: j.cfg.WeightDecay, Clip: j.cfg.Clip, Schedule: schedule, Parts: parts,
		WarmupSteps: j.warmupSteps(),
	}, len(j.net.Params()))
	return err
}
