package cluster

import (
	"context"
)

// How a node leaves, and what the others make of it.

// parted takes a goodbye. After a completed run it is no loss to those who do
// not need the one who left: they finish, or their ring breaks and they report
// it.
func (s *state) parted(ctx context.Context, from string, g goodbye) any {
	p := s.peers[from]
	if p == nil {
		return nothing{}
	}
	if g.Stop {
		s.stopped(from, g.Reason)
	}
	p.left, p.done = true, g.Done
	if g.Done {
		s.died(ctx, p, "it has completed the run")
	} else {
		s.died(ctx, p, "it left: "+clip(g.Reason))
	}
	return nothing{}
}

// finish notes how the run ended here.
func (s *state) finish(cause error) {
	s.finished = true
	clear(s.suspects)
	s.giveUp("")
	if s.farewell = (goodbye{Done: true}); cause != nil {
		s.farewell = goodbye{Reason: reasonOf(cause)}
	}
}
