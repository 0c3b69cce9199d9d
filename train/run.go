package train

import (
	"context"
	"errors"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/dataset"
)

// Run trains on this node, with the others that it finds, until the model is
// done or ctx ends. Everything that the person can get wrong is looked at
// before the network is.
func Run(ctx context.Context, cfg Config, opts Options) (Summary, error) {
	job, err := prepare(ctx, cfg, opts)
	if err != nil {
		return Summary{}, err
	}
	var dir *runDir
	token := ""
	if opts.Out != "" {
		if dir, err = claim(opts.Out, opts.resumes()); err != nil {
			return Summary{}, usage(err)
		}
		token = dir.token
	}
	summary, err := job.runOnNetwork(ctx, opts, dir, token)
	if dir != nil {
		err = errors.Join(err, dir.close())
		if err != nil && job.state.Step == 0 {
			dir.release()
		}
	}
	return summary, err
}

// prepare checks the configuration, opens the data and builds the job.
func prepare(ctx context.Context, cfg Config, opts Options) (*job, error) {
	if err := cfg.Validate(); err != nil {
		return nil, usage(err)
	}
	start := time.Now()
	data, err := dataset.Open(ctx, cfg.spec())
	if err != nil {
		return nil, usage(err)
	}
	j, err := newJob(cfg, data)
	if err != nil {
		return nil, usage(err)
	}
	j.observe = Tee(opts.Observe, Observer{})
	j.evalEvery = opts.EvalEvery
	j.observe.DataReady(DataReady{
		Name: data.Name, Train: data.Train.Len(), Val: data.Val.Len(), Test: data.Test.Len(),
		Classes: len(data.Classes), Fingerprint: data.Fingerprint, Seconds: time.Since(start).Seconds(),
	})
	return j, nil
}

// runOnNetwork finds the other nodes and trains with them: form, session, and
// (when the ring breaks) what is to be done about it. All that knows of rosters
// and generations is in this file.
func (j *job) runOnNetwork(ctx context.Context, opts Options, dir *runDir, token string) (summary Summary, err error) {
	started := time.Now()
	net, err := connect(ctx, j, opts, token)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, net.close(context.WithoutCancel(ctx))) }()
	j.observe.Joined(Joined{Name: net.node.Self().Name, Addr: net.node.Self().Addr})

	roster, err := net.node.Await(ctx, 0)
	if err != nil {
		return Summary{}, asUsage(err)
	}
	err = net.onRing(ctx, roster, func(ctx context.Context, ring *allreduce.Ring, rank int) error {
		formed := ringFormed(roster, rank, token, started)
		if formed.Writes {
			if err := dir.begin(opts.ConfigFile, j.state.Step); err != nil {
				return usage(err)
			}
			j.observe = Tee(j.observe, dir.observer())
		}
		j.observe.RingFormed(formed)
		lo, hi := roster.Range(rank)
		model, err := j.train(ctx, ring, lo, hi)
		if err != nil {
			return err
		}
		summary = model.summary
		summary.Nodes = len(roster.Members)
		summary.WallSeconds = time.Since(started).Seconds()
		if formed.Writes {
			return dir.finish(model.file, summary)
		}
		return nil
	})
	if err != nil {
		return Summary{}, err
	}
	j.observe.Finished(summary)
	return summary, nil
}

// onRing forms the ring of a roster and runs do on it, until do returns or a
// member is lost. The ring's goroutines have ended when it returns.
func (n *network) onRing(ctx context.Context, roster cluster.Roster, do func(context.Context, *allreduce.Ring, int) error) error {
	rank, _ := roster.Rank(n.node.Self().Name)
	ctx, cancel := context.WithCancelCause(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		n.watch(ctx, cancel, roster)
	}()
	defer func() { cancel(nil); <-watching }()

	ring, err := allreduce.Form(ctx, n.transport, topology(n.run, roster, rank))
	if err != nil {
		return n.explain(ctx, roster, err)
	}
	err = do(ctx, ring, rank)
	if err != nil {
		// The others must know who is gone before this node's own streams
		// break, or they would blame this node.
		err = n.explain(ctx, roster, err)
	}
	n.node.Finish(err)
	return errors.Join(err, ring.Close())
}

// watch cancels the session when a member of its roster is reported lost.
func (n *network) watch(ctx context.Context, cancel context.CancelCauseFunc, roster cluster.Roster) {
	for {
		select {
		case <-ctx.Done():
			return
		case loss, ok := <-n.node.Losses():
			if !ok {
				return
			}
			if loss.Generation == roster.Generation {
				cancel(&LostError{Peer: n.describe(roster, loss.Peer), Step: loss.Step, Phase: loss.Phase, Reason: loss.Reason})
			}
		}
	}
}

// explain turns a broken neighbour into the loss of a peer: it tells all
// members and waits a moment for their verdict, because the neighbour may only
// have stopped for want of another.
func (n *network) explain(ctx context.Context, roster cluster.Roster, err error) error {
	peer, ok := errors.AsType[*allreduce.PeerError](err)
	if ok && context.Cause(ctx) == nil {
		n.node.Report(ctx, cluster.Loss{
			Generation: roster.Generation, Peer: peer.Peer, Step: peer.Step, Phase: peer.Phase, Reason: peer.Err.Error(),
		})
		verdict, cancel := context.WithTimeout(ctx, verdictTimeout)
		<-verdict.Done()
		cancel()
	}
	if lost, ok := errors.AsType[*LostError](context.Cause(ctx)); ok {
		return lost
	}
	if ok {
		return &LostError{Peer: n.describe(roster, peer.Peer), Step: peer.Step, Phase: peer.Phase, Reason: peer.Err.Error()}
	}
	return err
}

// verdictTimeout bounds how long a survivor waits to hear who is to blame.
const verdictTimeout = 1500 * time.Millisecond

func (n *network) describe(roster cluster.Roster, name string) string {
	if rank, ok := roster.Rank(name); ok {
		return name + " (" + roster.Members[rank].Addr + ")"
	}
	return name
}

func topology(run string, r cluster.Roster, rank int) allreduce.Topology {
	t := allreduce.Topology{Run: run, Generation: r.Generation, Roster: r.Hash(), Rank: rank, Shards: r.Shards}
	for _, m := range r.Members {
		t.Names = append(t.Names, m.Name)
		t.Addrs = append(t.Addrs, m.Addr)
	}
	return t
}

// ringFormed describes a roster to the observers. The first member of each run
// directory writes it.
func ringFormed(r cluster.Roster, rank int, token string, since time.Time) RingFormed {
	f := RingFormed{Generation: r.Generation, Rank: rank, Shards: r.Shards, Seconds: time.Since(since).Seconds()}
	first := -1
	for i, m := range r.Members {
		f.Names = append(f.Names, m.Name)
		f.Addrs = append(f.Addrs, m.Addr)
		if first < 0 && m.Token == token {
			first = i
		}
	}
	f.Writes = token != "" && first == rank
	return f
}
