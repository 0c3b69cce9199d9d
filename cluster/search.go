package cluster

import (
	"context"
	"slices"
	"time"
)

// Gossip does not heal by itself: two halves of a network that have given each
// other up never speak again, unless somebody tries. So a node without a ring
// tries the join addresses and all addresses that it has ever seen; and so does
// the leader of a ring, though only those of members lost without proof. Now
// and then everybody tries the join addresses at which nobody was: whoever has
// come there since may know of nobody else.

// search is how far the search for the missing is.
type search struct {
	busy  bool
	next  time.Time         // zero: nobody is missing
	seeds map[string]string // who was found at a join address
}

const (
	searchPause = time.Second      // before the first search, and between two
	seedPause   = 5 * time.Second  // the same for a leader who only misses seeds
	laterPause  = 20 * time.Second // and for the other members
	atOnce      = 16               // addresses tried at the same time
)

// searchMissing looks for those who should be here and are not.
func (s *state) searchMissing(ctx context.Context, now time.Time) {
	addrs, pause := s.missing(now)
	if len(addrs) == 0 || s.finished || s.err != nil || !s.joined {
		s.search.next = time.Time{}
		return
	}
	if s.search.next.IsZero() {
		s.search.next = now.Add(pause)
	}
	if s.search.busy || now.Before(s.search.next) {
		return
	}
	s.search.busy = true
	n := s.node
	n.wg.Go(func() {
		n.knockAll(ctx, addrs)
		n.post(func(_ context.Context, s *state) {
			s.search.busy, s.search.next = false, time.Now().Add(pause)
		})
	})
}

// missing returns the addresses to look at, and how long to wait between two
// looks. While there is a good ring, its members are the business of its leader.
func (s *state) missing(now time.Time) (addrs []string, pause time.Duration) {
	need := s.need() != ""
	leads := leader(s.rulers(now), s.known) == s.node.self.Name
	for name, p := range s.peers {
		if p.dead == "" && !p.left && (!p.seen || p.silent != "") && (need || leads && (p.silent != "" || s.concerns(name))) {
			addrs = append(addrs, p.member.Addr)
		}
	}
	switch {
	case need || len(addrs) > 0:
		pause = searchPause
	case leads:
		pause = seedPause
	default:
		pause = laterPause
	}
	if s.known.Generation > 0 { // before, each has a search of its own
		for _, addr := range s.node.cfg.Join {
			if !s.hasSeed(addr) {
				addrs = append(addrs, addr)
			}
		}
	}
	slices.Sort(addrs)
	return slices.Compact(addrs), pause
}

// hasSeed reports whether the node at a join address is here.
func (s *state) hasSeed(addr string) bool {
	if addr == s.node.self.Addr || s.search.seeds[addr] == s.node.self.Name {
		return true
	}
	for name, p := range s.peers {
		if (p.member.Addr == addr || s.search.seeds[addr] == name) && p.seen && p.dead == "" {
			return true
		}
	}
	return false
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
	if slices.Contains(s.node.cfg.Join, k.addr) && k.found != "" {
		s.search.seeds[k.addr] = k.found
	}
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
