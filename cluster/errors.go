package cluster

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrRefused is wrapped by [Network.Call] when the host of an address is
	// there and says that nothing listens at the port: the proof that a
	// process is gone. Silence proves nothing and is another error.
	ErrRefused = errors.New("connection refused")
	// ErrLeft is returned by a node's methods after Leave.
	ErrLeft = errors.New("cluster: this node has left")
)

// RefusedError says that two nodes cannot train together, and why. Ours is
// this node's value and Theirs the peer's; a secret's value is never shown,
// only whether there is one.
type RefusedError struct {
	Peer   string // name and address
	Field  string // one of the Field constants
	Ours   string
	Theirs string
}

// Error names the field, both values and what to do.
func (e *RefusedError) Error() string {
	both := fmt.Sprintf("%q here, %q there", e.Ours, e.Theirs)
	switch e.Field {
	case FieldRun:
		return fmt.Sprintf("cluster: node %s belongs to another run (%s): give both the same run label, or join another address", e.Peer, both)
	case FieldSecret:
		return fmt.Sprintf("cluster: node %s holds another secret (%s here, %s there): give all nodes of the run the same one", e.Peer, e.Ours, e.Theirs)
	case FieldVersion:
		return fmt.Sprintf("cluster: node %s runs another version (%s): start all nodes from the same binary", e.Peer, both)
	case FieldContract:
		return fmt.Sprintf("cluster: node %s computes by another numeric contract (%s): start all nodes from the same release", e.Peer, both)
	case FieldConfig:
		return fmt.Sprintf("cluster: node %s has another config: here %s, there %s: start all nodes with the same settings", e.Peer, e.Ours, e.Theirs)
	case FieldShards:
		return fmt.Sprintf("cluster: node %s cuts the batch into another number of shards (%s): start all nodes with the same settings", e.Peer, both)
	case FieldGroups:
		return fmt.Sprintf("cluster: node %s puts the shards into another number of groups (%s): start all nodes with the same settings", e.Peer, both)
	case FieldData:
		return fmt.Sprintf("cluster: node %s reads other data: fingerprint %s here, %s there: every node must read the same content", e.Peer, e.Ours, e.Theirs)
	default:
		return fmt.Sprintf("cluster: node %s differs in %s (%s)", e.Peer, e.Field, both)
	}
}

// refused makes the error of a difference with peer.
func refused(peer Member, d difference) *RefusedError {
	return &RefusedError{Peer: at(peer), Field: d.Field, Ours: d.Ours, Theirs: d.Theirs}
}

// at names a member for people.
func at(m Member) string { return m.Name + " (" + m.Addr + ")" }

// FormedError says that there is a ring and no place in it for this node.
type FormedError struct {
	Generation uint64
	Members    []string // names, by rank
	Reason     string   // it is full, or its run is over
}

// Error names the members and what to do.
func (e *FormedError) Error() string {
	return fmt.Sprintf("cluster: the ring is already formed (generation %d: %s) and %s: allow more nodes, or join another run",
		e.Generation, strings.Join(e.Members, ", "), e.Reason)
}

// LossError is why training on a roster ends: a member is lost.
type LossError struct{ Loss }

// Error names the member and what was noticed.
func (e *LossError) Error() string {
	return fmt.Sprintf("cluster: lost %s of generation %d: %s", e.Peer, e.Generation, e.Reason)
}

// SupersededError is why training on a roster ends though nobody is lost: a
// later one is agreed or about to be.
type SupersededError struct {
	Generation uint64 // the later one; 0: not known yet
	Reason     string
}

// Error says why there is a later roster.
func (e *SupersededError) Error() string {
	if e.Generation == 0 {
		return "cluster: the ring is formed again: " + e.Reason
	}
	return fmt.Sprintf("cluster: the ring is formed again (generation %d): %s", e.Generation, e.Reason)
}

func formed(r Roster, reason string) *FormedError {
	return &FormedError{Generation: r.Generation, Members: r.Names(), Reason: reason}
}

// errReplaced says that another process answers at a member's address: the
// member is gone. errSecret says that a message was not signed with our secret.
var (
	errReplaced = errors.New("another process answers there now")
	errSecret   = errors.New("signed with another secret")
)
