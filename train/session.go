package train

import (
	"context"
	"errors"
	"math"
	"runtime"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// A ring serves the weighters as it is.
var _ optimizer.Reducer = (*allreduce.Step)(nil)

// session is the training loop on one ring: it ends with the run, or with the
// ring. Its scratch memory belongs to the shards that this node hosts in the
// ring's roster; the state that outlives it is the job's.
type session struct {
	job    *job
	ring   *allreduce.Ring
	at     allreduce.Step // the collectives of the current step
	lo, hi int            // the shards hosted here
	crew   *crew

	batch    *dataset.Batch // the one being worked on
	loss     model.Loss     // in force in its step
	replicas []*model.Network
	weighed  []optimizer.Shard

	gradients  [][]float32 // per local shard, unscaled
	gradient   []float32   // of the global batch
	moments    [][]float32 // batch statistics per local shard
	shares     []float32   // n_s/B per local shard
	statistics []float32   // of the global batch

	records  [][]float64 // per local shard, for the report
	exchange *exchange
	forward  func(i int)
	back     func(i int)
	final    []func(from int) // per local shard, for its backward pass

	clock  clock
	flight *flight
	wait   rowsWait

	rank   int
	names  []string // of the ring's nodes, by rank
	bounds []int    // the ring's shard map

	asked       bool            // a node wants the states compared behind this step
	drain       <-chan struct{} // closed: end at the next step boundary
	checkpoints ringCheckpoints
}

func newSession(j *job, ring *allreduce.Ring, lo, hi int) *session {
	k := hi - lo
	s := &session{
		job: j, ring: ring, lo: lo, hi: hi,
		crew:       newCrew(max(1, min(k, runtime.GOMAXPROCS(0)))),
		replicas:   make([]*model.Network, k),
		weighed:    make([]optimizer.Shard, k),
		gradients:  make([][]float32, k),
		moments:    make([][]float32, k),
		shares:     make([]float32, k),
		statistics: make([]float32, len(j.net.Running())),
		records:    make([][]float64, k),
		flight:     new(flight),
	}
	s.wait.s = s
	n := len(j.net.Params())
	for i := range k {
		s.replicas[i] = j.net.Replica()
		s.gradients[i] = ring.Alloc(n) // of this ring: where a neighbour may read it in place
		s.replicas[i].SetGrads(s.gradients[i])
		s.moments[i] = s.replicas[i].Stats()
		s.records[i] = make([]float64, recordSize)
	}
	if k == 1 {
		s.gradient = s.gradients[0] // in place: a vector less to pass through the caches
	} else {
		s.gradient = ring.Alloc(n)
	}
	s.forward, s.back = s.forwardShard, s.backwardShard
	s.exchange = newExchange(s)
	for i := range k {
		s.final = append(s.final, func(from int) { s.exchange.layer(i, from) })
	}
	if j.trust.agreed == nil {
		j.trust.agreed = newSnapshot(j)
	}
	return s
}

func (s *session) close() { s.crew.close() }

// collectives returns those of a step. They live in the session, because
// behind an interface a value of their own would be an allocation in each step.
func (s *session) collectives(step int) *allreduce.Step {
	s.at = s.ring.At(uint64(step))
	return &s.at
}

// run takes the steps that are left. If the nodes are found to differ, it goes
// back to where they agreed and repeats.
func (s *session) run(ctx context.Context) error {
	s.job.trust.agreed.take(s.job)
	if err := s.evaluateAgain(ctx); err != nil {
		return err
	}
	for {
		err := s.steps(ctx)
		diverged, ok := errors.AsType[*DivergedError](err)
		if !ok {
			return err
		}
		if err := s.fallBack(diverged); err != nil {
			return err
		}
	}
}

// steps takes steps from the job's position on.
func (s *session) steps(ctx context.Context) error {
	loader := s.job.loader(s.lo, s.hi)
	defer loader.Close()
	loader.Idle = s.wait.idle
	for !s.job.ended() && !s.job.stopsEarly() {
		select {
		case <-s.drain:
			return ErrDrained
		default:
		}
		started := time.Now()
		b, done, err := s.stepFrom(ctx, loader)
		if err != nil {
			return err
		}
		took := time.Since(started)
		s.flight.stepped(took - s.wait.waited())
		s.job.pace.add(b.Rows, took)
		s.job.count(b)
		s.job.committed(done)
		if err := s.between(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stepFrom takes one step with the loader's next batch, and times its phases.
func (s *session) stepFrom(ctx context.Context, loader *dataset.Loader) (*dataset.Batch, StepDone, error) {
	s.clock.reset()
	s.enter(loading)
	s.wait.begin()
	b, err := loader.Next(ctx)
	s.wait.end()
	if err != nil {
		return nil, StepDone{}, err
	}
	done, err := s.step(ctx, b)
	return b, done, err
}

// between does what is due between two steps. What is evaluated, or leaves the
// ring as a checkpoint or a model, is a state that the nodes agree on.
func (s *session) between(ctx context.Context) error {
	compared := s.asked || s.job.evaluates() || s.job.ended() || s.job.state.Step%verifyEvery == 0
	if compared {
		if err := s.verify(ctx); err != nil {
			return err
		}
	}
	score := math.NaN()
	if s.job.evaluates() {
		var err error
		if score, err = s.evaluateEpoch(ctx); err != nil {
			return err
		}
	}
	s.checkpoints.consider(s.job, score, compared)
	return nil
}

// evaluateAgain repeats the evaluation of an epoch that has just ended when
// the ring is formed: the last ring may have broken in the middle of it.
func (s *session) evaluateAgain(ctx context.Context) error {
	if s.job.state.Step == 0 || !s.job.evaluates() {
		return nil
	}
	score, err := s.evaluateEpoch(ctx)
	if err == nil {
		s.checkpoints.consider(s.job, score, true)
	}
	return err
}

// enter begins a phase.
func (s *session) enter(p phase) {
	s.clock.enter(p)
	s.flight.enter(s.job.state.Step, p)
}

// losses runs the forward pass of every local shard.
func (s *session) losses(b *dataset.Batch) {
	s.batch = b
	s.loss = lossAt(s.job.loss, optimizer.At{Step: b.Step, Steps: s.job.plan.TotalSteps()})
	s.crew.each(len(s.replicas), s.forward)
}

func (s *session) forwardShard(i int) {
	part := &s.batch.Parts[i]
	w := &s.weighed[i]
	pass := model.Pass{Train: true, Step: uint64(s.batch.Step), First: part.First}
	w.Losses = s.replicas[i].Losses(pass, s.loss, part.X, part.Y)
	w.Labels, w.Weights = part.Y, part.W
	if g := s.job.groups; g != nil {
		w.Groups = g.pick(w.Groups[:0], part.IDs)
	}
	if cap(w.Q) < len(part.Y) {
		w.Q = make([]float32, len(part.Y))
	}
	w.Q = w.Q[:len(part.Y)]
	s.flight.beat()
}

// backward runs the backward pass of every local shard with the weights q; the
// shard's factor meets its gradient where it enters the ring.
func (s *session) backward() { s.crew.each(len(s.replicas), s.back) }

func (s *session) backwardShard(i int) { s.replicas[i].Backward(s.weighed[i].Q, s.final[i]) }

// sumStatistics adds up each shard's batch statistics in proportion to its
// rows. They stay outside weights, clipping and decay.
func (s *session) sumStatistics(ctx context.Context, ring *allreduce.Step, b *dataset.Batch) error {
	if len(s.statistics) == 0 {
		return nil
	}
	for i := range s.shares {
		s.shares[i] = float32(float64(len(b.Parts[i].Y)) / float64(b.Rows))
	}
	return ring.Sum(ctx, s.statistics, s.moments, s.shares)
}
