package cluster

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// MemberStatus is what can be said about one member now.
type MemberStatus struct {
	Member Member `json:"member"`
	// Rank is the member's index in the roster; -1: it is in none.
	Rank int `json:"rank"`
	// Shards are the first shard that the member hosts and the one behind its
	// last; equal: it hosts none.
	Shards [2]int `json:"shards"`
	// Generation is that of the roster the member trains on; 0: none.
	Generation uint64 `json:"generation"`
	// Waiting says why the member is in no ring now, if it is not.
	Waiting string `json:"waiting,omitempty"`
	// Progress is the member's own record, and Since for how long it has not
	// got on.
	Progress Progress      `json:"progress"`
	Since    time.Duration `json:"since"`
	// RTT is how long the member took to answer.
	RTT time.Duration `json:"rtt"`
	// Error says why the member did not answer; empty: it did.
	Error string `json:"error,omitempty"`
}

// Caller sends direct messages; a [Network] is one.
type Caller interface {
	Call(ctx context.Context, addr string, req []byte) ([]byte, error)
}

// Status asks every member of the last ring, everybody else who is here, and
// those who were lost without proof, how far they are, all at once and for a
// second at most. Members that do not
// answer are in the result, with the error. Members come first, by rank, then
// the others by name.
func (n *Node) Status(ctx context.Context) []MemberStatus {
	var r Roster
	var others []Member
	ready := make(chan struct{})
	if n.post(func(_ context.Context, s *state) {
		r, others = s.known, s.everywhere()
		for _, p := range s.peers {
			if p.silent != "" && !slices.Contains(others, p.member) {
				others = append(others, p.member)
			}
		}
		close(ready)
	}) {
		<-ready
	}
	for _, m := range r.Members { // the dead too
		if !slices.ContainsFunc(others, func(o Member) bool { return o.Name == m.Name }) && m.Name != n.self.Name {
			others = append(others, m)
		}
	}
	out := make([]MemberStatus, 1+len(others))
	out[0] = n.own(time.Now())
	var wg sync.WaitGroup
	for i, m := range others {
		wg.Go(func() { out[1+i] = n.ping(ctx, m) })
	}
	wg.Wait()
	for i := range out {
		out[i].Rank = -1
		if rank, in := r.Rank(out[i].Member.Name); in {
			out[i].Rank = rank
			out[i].Shards[0], out[i].Shards[1] = r.Range(rank)
		}
	}
	slices.SortFunc(out, func(a, b MemberStatus) int {
		return cmp.Or(cmp.Compare(uint(a.Rank), uint(b.Rank)), byName(a.Member, b.Member)) // -1 comes last
	})
	return out
}

// own is what this node says about itself. It needs nothing but two locks that
// nobody holds for long.
func (n *Node) own(now time.Time) MemberStatus {
	n.public.Lock()
	st := MemberStatus{Member: n.self, Generation: n.public.roster.Generation, Waiting: n.public.reason}
	n.public.Unlock()
	st.Progress, st.Since = n.flight.read(now)
	return st
}

// ping asks m how far it is.
func (n *Node) ping(ctx context.Context, m Member) MemberStatus {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var st MemberStatus
	begun := time.Now()
	if _, err := n.caller.ask(ctx, m.Addr, m.Name, kindPing, nothing{}, &st); err != nil {
		st.Error = err.Error()
	}
	st.Member, st.RTT = m, time.Since(begun)
	return st
}
