package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Node is this process in the cluster. Its methods may be called from any
// goroutine. A node ends with Leave.
type Node struct {
	cfg        Config
	self       Member
	caller     caller
	log        zerolog.Logger
	strangers  zerolog.Logger // for what they have done: thinned out
	challenges challenges
	heard      heard
	gossip     *gossip
	sessions   sessions
	flight     flight

	events chan func(context.Context, *state) // to the goroutine that owns the state
	quit   chan struct{}                      // closed: end
	done   chan struct{}                      // closed: the owner of the state has ended
	found  chan struct{}                      // closed: somebody has welcomed us, or we them
	cancel context.CancelFunc                 // ends questions under way
	wg     sync.WaitGroup                     // every goroutine of the node
	leave  struct {
		once sync.Once
		err  error
	}

	public struct { // what Await reads
		sync.Mutex
		roster   Roster // the last with this node in it; Generation 0: none yet
		known    Roster // the last that anybody is known to have committed
		mark     mark
		err      error
		changed  chan struct{} // closed at the next change
		awaiting int           // calls of Await under way
		reason   string        // why there is no ring
		since    time.Time     // since when
	}
}

// Join makes this process visible to the nodes at cfg.Join, which may not have
// started yet, and returns once one of them has welcomed it, this node is itself
// one of them, or another node has found it. The ring forms afterwards: see Await.
//
// The error is a *RefusedError if a node there does not belong to the same
// run, a *FormedError if the run is over, and otherwise says what was tried and
// what to check. ctx bounds the joining alone; the node lives
// until Leave.
func Join(ctx context.Context, cfg Config) (*Node, error) {
	cfg, err := cfg.filled()
	if err != nil {
		return nil, err
	}
	self, err := cfg.self()
	if err != nil {
		return nil, err
	}
	k, err := deriveKeys(cfg.Secret)
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, self: self, caller: caller{self, k.message, cfg.Network},
		log:       cfg.Log.With().Str("node", self.Name).Logger(),
		strangers: sparse(cfg.Log.With().Str("node", self.Name).Logger()),
		events:    make(chan func(context.Context, *state)),
		quit:      make(chan struct{}),
		done:      make(chan struct{}),
		found:     make(chan struct{}),
	}
	n.public.changed = make(chan struct{})
	if n.gossip, err = startGossip(ctx, self, cfg, k.gossip); err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel = cancel
	n.wg.Go(func() { n.run(running, newState(n, time.Now())) })
	if err := cfg.Network.Serve(n.handle); err != nil {
		n.stop(0)
		return nil, fmt.Errorf("cluster: serving: %w", err)
	}
	if err := n.seek(ctx, running); err != nil {
		return nil, errors.Join(err, n.stop(0))
	}
	return n, nil
}

// Self returns this node as others know it.
func (n *Node) Self() Member { return n.self }

// Await returns the agreed roster once there is one with this node in it, with
// a generation above after, that has not ended. A node that was in a ring
// before waits for as long as it takes: below Config.Min, outside the quorum,
// expelled; Waiting says why. That it waits here is what makes the others take
// it in again.
//
// The error is the reason why no roster will come: a *RefusedError that names
// the node that differs, a *FormedError, more nodes than shards, or not enough
// nodes within the start timeout; ErrLeft after Leave; or ctx's.
func (n *Node) Await(ctx context.Context, after uint64) (Roster, error) {
	n.await(1)
	defer n.await(-1)
	for {
		n.public.Lock()
		r, err, changed := n.public.roster, n.public.err, n.public.changed
		n.public.Unlock()
		switch {
		case err != nil:
			return Roster{}, err
		case r.Generation > after && !n.sessions.ended(r.Generation):
			return r.clone(), nil
		}
		select {
		case <-changed:
		case <-n.done:
			return Roster{}, ErrLeft
		case <-ctx.Done():
			return Roster{}, context.Cause(ctx)
		}
	}
}

// publish lets Await see what the state has come to.
func (n *Node) publish(r Roster, err error) {
	n.public.Lock()
	defer n.public.Unlock()
	n.public.roster, n.public.err = r, err
	close(n.public.changed)
	n.public.changed = make(chan struct{})
}

// await counts the calls of Await.
func (n *Node) await(d int) {
	n.public.Lock()
	defer n.public.Unlock()
	n.public.awaiting += d
}

// awaited reports whether the program waits for a roster.
func (n *Node) awaited() bool {
	n.public.Lock()
	defer n.public.Unlock()
	return n.public.awaiting > 0
}

// know publishes the last roster that anybody is known to have committed.
func (n *Node) know(r Roster) {
	n.public.Lock()
	defer n.public.Unlock()
	n.public.known, n.public.mark = r, r.mark()
}

// knows returns it, with its mark.
func (n *Node) knows() (Roster, mark) {
	n.public.Lock()
	defer n.public.Unlock()
	return n.public.known, n.public.mark
}

// Waiting says why there is no ring right now, for people, and since when; ""
// if there is one.
func (n *Node) Waiting() (reason string, since time.Time) {
	n.public.Lock()
	defer n.public.Unlock()
	return n.public.reason, n.public.since
}

// waits lets Waiting and Config.Waiting see why there is no ring.
func (n *Node) waits(reason string) {
	n.public.Lock()
	changed := n.public.reason != reason
	n.public.reason = reason
	if changed {
		n.public.since = time.Now()
	}
	n.public.Unlock()
	if changed && n.cfg.Waiting != nil {
		n.cfg.Waiting(reason)
	}
}

// post has f run on the goroutine that owns the state. It reports false if
// that goroutine has ended.
func (n *Node) post(f func(context.Context, *state)) bool {
	select {
	case n.events <- f:
		return true
	case <-n.done:
		return false
	}
}

// Finish says that the run is over for this node: completed if cause is nil,
// else given up for that cause. Nothing is a loss to this node any more, it
// takes no part in forming rings, and the goodbye of Leave will say so. A
// goodbye after a completed run is no loss to others who complete it too; if
// one of them still needs the ring, it is formed again of those who do. Any
// other goodbye is a loss.
func (n *Node) Finish(cause error) {
	n.post(func(_ context.Context, s *state) { s.finish(cause) })
}

// leaveTimeout bounds how long a leaving node waits for others to hear it.
const leaveTimeout = time.Second

// Leave says goodbye to all members directly, so that they form the next ring
// at once; it stops, and waits for all of the node's goroutines. It takes a
// second at most, less if ctx ends. The Network stays open. Later calls return
// the result of the first.
func (n *Node) Leave(ctx context.Context) error {
	n.leave.once.Do(func() { n.leave.err = n.depart(ctx) })
	return n.leave.err
}

func (n *Node) depart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	var others []Member
	var word goodbye
	asked := make(chan struct{})
	if n.post(func(_ context.Context, s *state) { others, word = s.everywhere(), s.farewell; close(asked) }) {
		<-asked
	}
	var wg sync.WaitGroup
	for _, m := range others {
		wg.Go(func() {
			if err := n.caller.tell(ctx, m, kindGoodbye, word); err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("goodbye was not heard")
			}
		})
	}
	wg.Wait()
	return n.stop(gossipPatience)
}

// gossipPatience is how long a leaving node lets gossip spread the word. The
// members know already; this is for others who listen.
const gossipPatience = 100 * time.Millisecond

// stop ends all goroutines of the node and waits for them.
func (n *Node) stop(patience time.Duration) error {
	close(n.quit)
	n.cancel()
	n.sessions.end(math.MaxUint64, ErrLeft)
	err := n.gossip.close(patience)
	n.wg.Wait()
	return err
}
