package cluster

import (
	"fmt"
	"slices"
)

// ballot is what a node has promised, accepted and committed to: its part in
// the agreement. It is a plain value, and these are its laws:
//
//   - Promised only grows, and a generation is promised to one proposer alone.
//   - A roster is accepted only from the proposer to whom its generation was
//     promised, while nothing later is promised.
//   - A roster is committed by its proposer once all of its members have
//     accepted it, and so many of the rings before it, members or not, as the
//     quorum takes. Committed only grows.
type ballot struct {
	Promised  uint64 // the highest generation promised or heard of
	To        string // to whom it was promised; empty: to nobody
	Accepted  []acceptance
	Committed Roster // the last roster with this node in it; Generation 0: none yet
}

// acceptance is a roster that was accepted and that its proposer may have
// committed.
type acceptance struct {
	Proposer string `json:"proposer"`
	Roster   Roster `json:"roster"`
}

const (
	// maxGeneration is far above what a run comes to, and far enough below the
	// end of the numbers that a mistaken peer cannot use them up.
	maxGeneration = 1 << 62
	// maxOpen bounds the rosters accepted and not decided: one for each
	// proposer that fell silent in the middle of forming a ring.
	maxOpen = 8
)

// next returns a generation that this node has promised to nobody.
func (b *ballot) next() uint64 { return b.Promised + 1 }

// raise notes a generation that another node has promised.
func (b *ballot) raise(generation uint64) {
	if generation > b.Promised && generation < maxGeneration {
		b.Promised, b.To = generation, ""
	}
}

// promise gives the generation to the proposer; not if it, or a later one, is
// given already.
func (b *ballot) promise(generation uint64, proposer string) error {
	if generation <= b.Promised || generation >= maxGeneration {
		return fmt.Errorf("generation %d is stale: %d is promised already", generation, b.Promised)
	}
	b.Promised, b.To = generation, proposer
	return nil
}

// accept accepts r, which the proposer will commit if all others accept it
// too. A proposer gives up what it proposed before. A node that r leaves out is
// a witness: it belonged to a ring before, and agrees that r follows.
func (b *ballot) accept(r Roster, proposer string, self Member) error {
	if err := r.check(); err != nil {
		return err
	}
	if r.Generation != b.Promised || proposer != b.To {
		return fmt.Errorf("generation %d is not promised to %s: %d is, to %s", r.Generation, proposer, b.Promised, whom(b.To))
	}
	if i, in := r.Rank(self.Name); in && r.Members[i] != self {
		return fmt.Errorf("the roster does not list %s as it is", at(self))
	}
	b.withdraw(proposer)
	if len(b.Accepted) == maxOpen {
		return fmt.Errorf("%d rosters are accepted and not decided", maxOpen)
	}
	b.Accepted = append(b.Accepted, acceptance{proposer, r})
	return nil
}

func whom(name string) string {
	if name == "" {
		return "nobody here"
	}
	return name
}

// withdraw forgets what the proposer had proposed and given up.
func (b *ballot) withdraw(proposer string) {
	b.Accepted = slices.DeleteFunc(slices.Clone(b.Accepted), func(a acceptance) bool { return a.Proposer == proposer })
}

// accepted reports whether the roster of the hash is among the undecided.
func (b *ballot) accepted(hash uint64) bool {
	return slices.ContainsFunc(b.Accepted, func(a acceptance) bool { return a.Roster.Hash() == hash })
}

// commit makes r, with this node in it, the current roster. One that was never
// accepted here is an error: nobody can have committed it.
func (b *ballot) commit(r Roster) error {
	if !b.accepted(r.Hash()) {
		return fmt.Errorf("cluster: cannot commit generation %d, which was not accepted here", r.Generation)
	}
	b.Committed = r
	b.settle(r.Generation)
	return nil
}

// settle forgets the undecided rosters up to a generation that somebody has
// committed, and what was promised up to it.
func (b *ballot) settle(generation uint64) {
	b.raise(generation)
	if b.Promised <= generation {
		b.To = ""
	}
	b.Accepted = slices.DeleteFunc(slices.Clone(b.Accepted), func(a acceptance) bool { return a.Roster.Generation <= generation })
}

// open returns the undecided rosters.
func (b *ballot) open() []Roster {
	out := make([]Roster, len(b.Accepted))
	for i, a := range b.Accepted {
		out[i] = a.Roster
	}
	return out
}

// latest returns the last roster that this node has accepted or committed to.
func (b *ballot) latest() Roster {
	r := b.Committed
	for _, a := range b.Accepted {
		if a.Roster.Generation > r.Generation {
			r = a.Roster
		}
	}
	return r
}
