package cluster

import (
	"fmt"
	"slices"
)

// proposal asks a member to promise itself to a roster.
type proposal struct {
	Roster   Roster   `json:"roster"`
	Identity Identity `json:"identity"`
}

// vote answers a proposal.
type vote struct {
	Accepted bool `json:"accepted"`
	// Promised is the highest generation the voter has accepted, this one
	// included; the next proposal must be above it.
	Promised uint64 `json:"promised"`
	// Reason says why not, for people.
	Reason string `json:"reason,omitempty"`
	// Differs says in what voter and proposer differ, from the voter's side.
	// It cannot be mended: the formation stops.
	Differs *difference `json:"differs,omitempty"`
	// Committed is the roster that the voter already trains in.
	Committed *Roster `json:"committed,omitempty"`
}

// ballot is what a node has promised and what it has committed to. It is a
// plain value; only vote and propose change Promised, and only upwards.
type ballot struct {
	Promised  uint64 // highest generation accepted
	Accepted  Roster // the roster of that generation
	Committed Roster // Generation 0: none yet
}

// propose makes the next roster and accepts it on behalf of its proposer.
func (b *ballot) propose(members []Member, shards int, step uint64) Roster {
	r := newRoster(b.Promised+1, members, shards, step)
	b.Promised, b.Accepted = r.Generation, r
	return r
}

// vote considers p, proposed by the node called proposer, for self, which sees
// members (ordered by name, itself included). An acceptance is a promise:
// nothing at or below its generation is accepted afterwards.
func (b *ballot) vote(p proposal, proposer string, self Member, id Identity, members []Member, pol policy) vote {
	v := b.consider(p, proposer, self, id, members, pol)
	if v.Accepted {
		b.Promised, b.Accepted = p.Roster.Generation, p.Roster
	}
	v.Promised = b.Promised
	return v
}

// consider is vote without the promise.
func (b *ballot) consider(p proposal, proposer string, self Member, id Identity, members []Member, pol policy) vote {
	if d, ok := compare(id, p.Identity); ok {
		return vote{Differs: &d, Reason: "not the same run"}
	}
	r := p.Roster
	if err := r.check(); err != nil {
		return vote{Reason: err.Error()}
	}
	if s := r.Shards[len(r.Members)]; s != pol.Shards {
		d := difference{FieldShards, fmt.Sprint(pol.Shards), fmt.Sprint(s)}
		return vote{Differs: &d, Reason: "not the same shards"}
	}
	if b.Committed.Generation > 0 {
		c := b.Committed
		return vote{Committed: &c, Reason: fmt.Sprintf("the ring of generation %d is already formed", c.Generation)}
	}
	if r.Generation <= b.Promised {
		return vote{Reason: fmt.Sprintf("generation %d is stale: %d is already accepted", r.Generation, b.Promised)}
	}
	if i, ok := r.Rank(self.Name); !ok || r.Members[i] != self {
		return vote{Reason: fmt.Sprintf("the roster does not list %s as it is", at(self))}
	}
	if l := leader(members); l < proposer {
		return vote{Reason: fmt.Sprintf("%s leads, not %s", l, proposer)}
	}
	if pol.Nodes == 0 {
		if m, ok := missing(members, r); ok {
			return vote{Reason: fmt.Sprintf("%s is here too", m)}
		}
	}
	return vote{Accepted: true}
}

// missing returns the first of members that r leaves out.
func missing(members []Member, r Roster) (name string, ok bool) {
	i := slices.IndexFunc(members, func(m Member) bool { _, in := r.Rank(m.Name); return !in })
	if i < 0 {
		return "", false
	}
	return members[i].Name, true
}

// commit makes r current for self. A roster of a generation that was never
// promised is an error; one that was promised and then overtaken by another
// proposal is not, because whoever committed it had everybody's acceptance and
// will accept nothing else. Committing the same roster again changes nothing.
// A roster without self is a *FormedError: the ring was formed without it.
func (b *ballot) commit(r Roster, self Member) error {
	if err := r.check(); err != nil {
		return err
	}
	i, ok := r.Rank(self.Name)
	switch {
	case !ok:
		return formed(r)
	case r.Members[i] != self:
		return fmt.Errorf("cluster: cannot commit generation %d: it does not list %s as it is", r.Generation, at(self))
	case b.Committed.Generation > 0 && b.Committed.Hash() == r.Hash():
		return nil
	case b.Committed.Generation > 0:
		return fmt.Errorf("cluster: cannot commit generation %d: generation %d is already formed", r.Generation, b.Committed.Generation)
	case r.Generation > b.Promised:
		return fmt.Errorf("cluster: cannot commit generation %d: only %d has been accepted here", r.Generation, b.Promised)
	}
	b.Committed = r
	return nil
}
