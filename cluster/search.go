package cluster

import (
	"context"
	"slices"
	"time"
)

// Gossip does not heal by itself: two halves of a network that have given each
// other up never speak again, unless somebody tries. So a node without a ring
// tries the join addresses and all addresses that it has ever seen, and the
// leader of a ring those of members that it lost without proof.

// search is how far the search for the missing is.
type search struct {
	busy bool
	next time.Time // zero: nobody is missing
}

const (
	searchPause = time.Second // before the first search, and between two
	atOnce      = 16          // addresses tried at the same time
)

// searchMissing looks for those who should be here and are not.
func (s *state) searchMissing(ctx context.Context, now time.Time) {
	addrs := s.missing(now)
	if len(addrs) == 0 || s.finished || s.err != nil || !s.joined {
		s.search.next = time.Time{}
		return
	}
	if s.search.next.IsZero() {
		s.search.next = now.Add(searchPause)
	}
	if s.search.busy || now.Before(s.search.next) {
		return
	}
	s.search.busy = true
	n := s.node
	n.wg.Go(func() {
		n.knockAll(ctx, addrs)
		n.post(func(_ context.Context, s *state) {
			s.search.busy, s.search.next = false, time.Now().Add(searchPause)
		})
	})
}

// missing returns the addresses to look at. While there is a good ring that is
// the business of its leader.
func (s *state) missing(now time.Time) []string {
	need := s.need() != ""
	if !need && leader(s.rulers(now), s.known) != s.node.self.Name {
		return nil
	}
	here := map[string]bool{s.node.self.Addr: true}
	var out []string
	for name, p := range s.peers {
		switch {
		case p.seen && p.silent == "":
			here[p.member.Addr] = true
		case p.dead != "" || p.left:
		case need || p.silent != "" || s.concerns(name):
			out = append(out, p.member.Addr)
		}
	}
	if need && s.known.Generation > 0 {
		for _, addr := range s.node.cfg.Join {
			if !here[addr] {
				out = append(out, addr)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// knockAll says hello at the addresses.
func (n *Node) knockAll(ctx context.Context, addrs []string) {
	places := make(chan struct{}, atOnce)
	for _, addr := range addrs {
		places <- struct{}{}
		n.wg.Go(func() {
			defer func() { <-places }()
			k := n.knock(ctx, addr)
			n.post(func(ctx context.Context, s *state) { s.knocked(ctx, k) })
		})
	}
	for range cap(places) { // until all have returned theirs
		places <- struct{}{}
	}
}

// knocked takes in what a search found at an address.
func (s *state) knocked(ctx context.Context, k knock) {
	for name, p := range s.peers {
		if p.member.Addr != k.addr || p.dead != "" {
			continue
		}
		if k.found != "" && k.found != name {
			s.died(ctx, p, "another process listens at "+k.addr+" now")
		} else if reason := proof(p.member, k.err); reason != "" {
			s.died(ctx, p, reason)
		}
	}
}
