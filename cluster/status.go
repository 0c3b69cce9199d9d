package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// MemberStatus is what can be said about one member now.
type MemberStatus struct {
	Member Member `json:"member"`
	// Rank is the member's index in the roster; -1: it is in none.
	Rank int `json:"rank"`
	// Generation is that of the roster the member trains on; 0: none.
	Generation uint64 `json:"generation"`
	// Waiting says why the member is in no ring now, if it is not.
	Waiting string `json:"waiting,omitempty"`
	// Progress is the member's own record, and Since for how long its counter
	// has not changed.
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

// Status asks every member of the roster, and those who wait to be taken in,
// how far they are, all at once and a second at most. Members that do not
// answer are in the result, with the error. The order is by rank.
func (n *Node) Status(ctx context.Context) []MemberStatus {
	var r Roster
	var others []Member
	ready := make(chan struct{})
	if n.post(func(_ context.Context, s *state) { r, others = s.ballot.Committed, s.others(); close(ready) }) {
		<-ready
	}
	out := make([]MemberStatus, 1+len(others))
	out[0] = n.own(time.Now())
	var wg sync.WaitGroup
	for i, m := range others {
		wg.Go(func() { out[1+i] = n.inquireStatus(ctx, m, r) })
	}
	wg.Wait()
	return out
}

// own is the status of this node.
func (n *Node) own(now time.Time) MemberStatus {
	n.public.Lock()
	r := n.public.roster
	n.public.Unlock()
	st := MemberStatus{Member: n.self, Rank: -1, Generation: r.Generation}
	if rank, in := r.Rank(n.self.Name); in {
		st.Rank = rank
	}
	st.Waiting, _ = n.Waiting()
	st.Progress, st.Since = n.flight.read(now)
	return st
}

func (n *Node) inquireStatus(ctx context.Context, m Member, r Roster) MemberStatus {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	st := MemberStatus{Member: m, Rank: -1}
	if rank, in := r.Rank(m.Name); in {
		st.Rank = rank
	}
	begun := time.Now()
	if err := n.caller.tell(ctx, m, kindPing, nothing{}); err != nil {
		st.Error = err.Error()
	}
	st.RTT = time.Since(begun)
	return st
}

// Ask asks the node at addr, a host:port, for its [Node.Status]. The asker
// need not be a node: it needs the run's secret and a way to send messages.
func Ask(ctx context.Context, c Caller, addr string, secret []byte) ([]MemberStatus, error) {
	return nil, fmt.Errorf("cluster: asking %s for its status: not answered by this version", addr)
}
