package cluster

import (
	"fmt"
	"slices"
)

// request asks a node to promise a generation to the sender, and for all that
// bears on the next roster.
type request struct {
	Generation uint64     `json:"generation"`
	Member     Member     `json:"member"` // the sender
	Identity   Identity   `json:"identity"`
	Shards     int        `json:"shards"`
	Groups     int        `json:"groups,omitempty"` // of shards
	Known      mark       `json:"known"`            // the last roster that the sender knows to be committed
	Dead       []obituary `json:"dead,omitempty"`   // members of it that are proved dead
}

// obituary says that a process is proved dead, and by what.
type obituary struct {
	Name  string `json:"name"`
	Proof string `json:"proof"`
}

// vote answers a request.
type vote struct {
	Granted bool `json:"granted"`
	// Reason says why not, for people.
	Reason string `json:"reason,omitempty"`
	// Promised is the highest generation that the voter has promised.
	Promised uint64 `json:"promised"`
	// Committed is the last roster that the voter knows to be committed;
	// Generation 0: none. The voter may not be in it.
	Committed Roster `json:"committed"`
	// Accepted are later rosters that the voter has accepted and that may have
	// been committed since.
	Accepted []acceptance `json:"accepted,omitempty"`
	// Dead are members of these rosters that are proved dead.
	Dead []obituary `json:"dead,omitempty"`
	// Idle is set if the voter was in a ring before and its program does not
	// wait for another one.
	Idle bool `json:"idle,omitempty"`
	// Done is set if the run is over for the voter.
	Done bool `json:"done,omitempty"`
	// Differs says in what voter and proposer differ, from the voter's side.
	Differs *difference `json:"differs,omitempty"`
}

// accepted reports whether the voter has accepted the roster of the hash.
func (v vote) accepted(hash uint64) bool {
	return slices.ContainsFunc(v.Accepted, func(a acceptance) bool { return a.Roster.Hash() == hash })
}

// check reports whether v, which came from the network, is well formed.
func (v vote) check() error {
	if len(v.Accepted) > maxOpen {
		return fmt.Errorf("cluster: a vote with %d undecided rosters: at most %d are possible", len(v.Accepted), maxOpen)
	}
	if v.Committed.Generation > 0 {
		if err := v.Committed.check(); err != nil {
			return err
		}
	}
	for _, a := range v.Accepted {
		if err := a.Roster.check(); err != nil {
			return err
		}
	}
	return nil
}

// voted is a vote and whose it is.
type voted struct {
	member Member
	vote   vote
}

// offer asks a member to accept a roster of the generation that it promised.
type offer struct {
	Roster Roster     `json:"roster"`
	Reason string     `json:"reason"`         // why there is a new ring, for people
	Loss   *Loss      `json:"loss,omitempty"` // the loss that ended the last one, if there was any
	Dead   []obituary `json:"dead,omitempty"` // members of the rings before it that are proved dead
}

// response answers an offer.
type response struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"`
	Promised uint64 `json:"promised"`
}
