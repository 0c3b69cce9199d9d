package cluster

import (
	"context"
	"sync"
)

// sessions are the contexts that During has given out and that still live.
type sessions struct {
	mu struct {
		sync.Mutex
		live  map[*session]bool
		over  uint64 // rosters of this generation and below are not to be trained on
		cause error  // why not the one of this generation
	}
}

type session struct {
	generation uint64
	cancel     context.CancelCauseFunc
}

// During returns a context for training on r: it ends as soon as r should no
// longer be trained on, with a cause that says why: a *LossError if a member
// is lost, a *SupersededError if a later roster is being formed for another
// reason, ErrLeft after Leave. A roster that is over already gives a context
// that has ended. The function releases what the context holds.
func (n *Node) During(ctx context.Context, r Roster) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	x := &session{r.Generation, cancel}
	s := &n.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Generation < s.mu.over:
		cancel(&SupersededError{s.mu.over, "a later ring has been formed"})
	case r.Generation == s.mu.over:
		cancel(s.mu.cause)
	default:
		if s.mu.live == nil {
			s.mu.live = make(map[*session]bool)
		}
		s.mu.live[x] = true
	}
	return ctx, func() { s.release(x) }
}

func (s *sessions) release(x *session) {
	s.mu.Lock()
	delete(s.mu.live, x)
	s.mu.Unlock()
	x.cancel(nil)
}

// ended reports whether the roster of a generation is over.
func (s *sessions) ended(generation uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return generation <= s.mu.over
}

// end cancels the sessions of a generation and all before it. The first cause
// of a generation stays. Rosters that are newer are not concerned.
func (s *sessions) end(generation uint64, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if generation <= s.mu.over {
		return
	}
	s.mu.over, s.mu.cause = generation, cause
	for x := range s.mu.live {
		if x.generation <= generation {
			delete(s.mu.live, x)
			x.cancel(cause)
		}
	}
}
