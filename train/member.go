package train

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/cluster"
)

// member is one node's part in a run, from ring to ring. All elasticity is in
// this file: the loss of a node, a newcomer, a goodbye and a healed partition
// are one thing here, a ring that ends and another that follows. Steps and
// sessions know nothing of it.
type member struct {
	job         *job
	opts        Options
	dir         *runDir      // nil: nothing is written
	checkpoints *checkpoints // of dir; nil: none
	net         *network
	started     time.Time
	flight      flight // from ring to ring
}

// ErrDrained ends a run on a node that was asked to leave it: the others go on.
var ErrDrained = errors.New("this node has left the run, the others go on")

// join resumes if asked to, enters the network, and trains.
func (m *member) join(ctx context.Context) (summary Summary, err error) {
	generation, err := m.job.resume(ctx, m.opts)
	if err != nil {
		return Summary{}, err
	}
	if m.net, err = m.connect(ctx, generation); err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, m.net.close(context.WithoutCancel(ctx))) }()
	self := m.net.node.Self()
	m.job.observe.Joined(Joined{Name: self.Name, Addr: self.Addr})
	return m.train(ctx)
}

// train goes from ring to ring until the run is over.
func (m *member) train(ctx context.Context) (Summary, error) {
	generation := uint64(0)
	for {
		roster, err := m.net.node.Await(ctx, generation)
		if err != nil {
			return Summary{}, asUsage(err)
		}
		generation = roster.Generation
		out, err := m.onRing(ctx, roster)
		if err == nil {
			m.job.observe.Finished(out.summary)
			return out.summary, nil
		}
		if !followed(ctx, err) {
			m.net.node.Finish(err)
			return Summary{}, err
		}
		m.job.observe.RingLost(RingLost{Generation: generation, Step: m.job.state.Step, Reason: err.Error()})
	}
}

// followed tells whether another ring can follow one that ended in err: its end
// was not this node's doing.
func followed(ctx context.Context, err error) bool {
	return ctx.Err() == nil && OfAnother(err)
}

// onRing forms the ring of a roster and trains on it to the end of the run, or
// of the ring. No goroutine of the ring is left when it returns.
func (m *member) onRing(ctx context.Context, roster cluster.Roster) (out trained, err error) {
	formed := time.Now()
	ctx, release := m.net.node.During(ctx, roster)
	defer release()
	rank, _ := roster.Rank(m.net.node.Self().Name)
	m.flight.set, m.flight.pulse = m.net.progress, m.net.beat
	m.flight.on(roster, rank)
	m.flight.enter(m.job.state.Step, forming)
	ring, err := allreduce.Form(ctx, m.net.transport, m.net.topology(roster, rank))
	if mistake := asUsage(err); mistake != err {
		return trained{}, mistake
	}
	if err != nil {
		return trained{}, m.report(ctx, roster, err)
	}
	lo, hi := roster.Range(rank)
	s := newSession(m.job, ring, lo, hi)
	s.flight = &m.flight
	s.flight.way, _ = ring.Ways()
	s.drain = m.opts.Drain
	s.bounds, s.names, s.rank = roster.Shards, roster.Names(), rank
	defer func() {
		s.close()
		if err == nil {
			m.net.node.Finish(nil)
		} else {
			err = m.report(ctx, roster, err)
		}
		if closing := ring.Close(); err != nil {
			err = errors.Join(err, closing)
		} else if closing != nil {
			// The model is done here. Whoever missed a last frame goes on without us.
			m.opts.Log.Debug().Err(closing).Msg("the ring did not close in order")
		}
	}()
	if err := s.sync(ctx); err != nil {
		return trained{}, err
	}
	writes := m.begin(s, ring, roster, rank, formed)
	out, err = s.train(ctx)
	if err != nil && m.draining() {
		s.checkpoints.last(m.job) // there may be no other ring before this node is gone
	}
	if err != nil {
		return trained{}, err
	}
	out.summary.Nodes = len(roster.Members)
	out.summary.WallSeconds = time.Since(m.started).Seconds()
	if writes {
		return out, m.dir.finish(out.file, out.summary)
	}
	return out, nil
}

// report tells the other members of a neighbour that broke the ring, unless
// the end of this ring is known already, and returns the better explanation.
func (m *member) report(ctx context.Context, roster cluster.Roster, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if peer, ok := errors.AsType[*allreduce.PeerError](err); ok {
		m.net.node.Report(ctx, cluster.Loss{
			Generation: roster.Generation, Peer: peer.Peer, Step: peer.Step, Phase: peer.Phase, Reason: peer.Err.Error(),
		})
	}
	return err
}

// draining tells whether this node has been asked to leave.
func (m *member) draining() bool {
	select {
	case <-m.opts.Drain:
		return true
	default:
		return false
	}
}

func (m *member) token() string {
	if m.dir == nil {
		return ""
	}
	return m.dir.token
}

// begin tells the observers of the ring, and makes this node the one that
// writes its run directory if it is the first of those that see it. That the
// directory cannot be written is told, and training goes on.
func (m *member) begin(s *session, ring *allreduce.Ring, roster cluster.Roster, rank int, since time.Time) (writes bool) {
	f := RingFormed{Generation: roster.Generation, Rank: rank, Shards: roster.Shards, Seconds: time.Since(since).Seconds()}
	f.Transport, _ = ring.Ways()
	first := -1
	for i, member := range roster.Members {
		f.Names = append(f.Names, member.Name)
		f.Addrs = append(f.Addrs, member.Addr)
		if first < 0 && member.Token == m.token() {
			first = i
		}
	}
	f.Writes = m.dir != nil && first == rank
	switch {
	case f.Writes:
		if err := m.dir.begin(m.opts.ConfigFile, m.job.state.Step); err != nil {
			m.opts.Log.Error().Err(err).Msg("the run directory cannot be written; it is tried again")
		}
		s.checkpoints = ringCheckpoints{m.checkpoints, roster.Generation}
	case m.dir != nil:
		m.dir.follow(m.job.state.Step)
	}
	m.job.observe.RingFormed(f)
	return f.Writes
}

// ringCheckpoints are the checkpoints of the node that writes during one ring.
// The zero value writes none.
type ringCheckpoints struct {
	to         *checkpoints
	generation uint64
}

// due tells whether a checkpoint follows a step.
func (c ringCheckpoints) due(j *job, step int) bool { return c.to.due(j, step) }

// consider offers the state behind a committed step, with the score on the
// validation part or NaN, and whether all nodes have just compared it.
func (c ringCheckpoints) consider(j *job, score float64, compared bool) {
	c.to.consider(j, c.generation, score, compared)
}

// last offers the state at which this node leaves.
func (c ringCheckpoints) last(j *job) { c.to.offer(j, c.generation, math.NaN()) }

func (n *network) topology(r cluster.Roster, rank int) allreduce.Topology {
	t := allreduce.Topology{Run: n.run, Generation: r.Generation, Roster: r.Hash(), Rank: rank, Shards: r.Shards, Groups: r.Groups, Sizes: n.sizes, Heard: n.node.Beat}
	for _, m := range r.Members {
		t.Names = append(t.Names, m.Name)
		t.Addrs = append(t.Addrs, m.Addr)
	}
	return t
}

// OfAnother tells whether a run ended on this node because of another one, so
// that a program with several errors to choose from shows that node's.
func OfAnother(err error) bool {
	_, lost := errors.AsType[*cluster.LossError](err)
	_, superseded := errors.AsType[*cluster.SupersededError](err)
	_, broken := errors.AsType[*allreduce.PeerError](err)
	return lost || superseded || broken
}
