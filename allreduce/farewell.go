package allreduce

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// maxText bounds the reason that travels.
const maxText = 1 << 10

// Farewell is what a node tells its neighbours when it aborts its link: who
// broke the ring. It travels on from node to node, so that all survivors name
// the culprit and not only their neighbour.
type Farewell struct {
	Rank int    // of the culprit, in the roster of the link
	Text string // what went wrong with it
}

// NewFarewell returns what the node at t says when it aborts because of
// reason: the peer that reason names, or else itself.
func NewFarewell(t Topology, reason error) Farewell {
	w := Farewell{Rank: t.Rank}
	if pe, ok := errors.AsType[*PeerError](reason); ok && pe.Rank >= 0 && pe.Rank < t.Nodes() {
		w.Rank, reason = pe.Rank, pe.Err
	}
	if reason != nil {
		w.Text = reason.Error()
	}
	w.Text = w.Text[:min(len(w.Text), maxText)]
	return w
}

// Err returns the error of the node at t that hears w from its neighbour. A
// culprit outside the roster, or the hearer itself, counts as the neighbour.
func (w Farewell) Err(t Topology, neighbour int) *PeerError {
	if w.Rank < 0 || w.Rank >= t.Nodes() || w.Rank == t.Rank || w.Rank == neighbour {
		return t.peerError(neighbour, fmt.Errorf("%w: %s", ErrGaveUp, w.Text))
	}
	return t.peerError(w.Rank, fmt.Errorf("%w, says %s: %s", ErrLost, t.Names[neighbour], w.Text))
}

// Append appends the encoded farewell to b.
func (w Farewell) Append(b []byte) []byte {
	return appendString(binary.AppendUvarint(b, uint64(w.Rank)), w.Text)
}

// ParseFarewell decodes a farewell; errors wrap ErrFrame.
func ParseFarewell(b []byte) (Farewell, error) {
	d := decoder{b: b[:min(len(b), maxText+64)]}
	w := Farewell{Rank: d.number(), Text: d.text()}
	if err := d.end(); err != nil {
		return Farewell{}, fmt.Errorf("%w: farewell: %v", ErrFrame, err)
	}
	return w, nil
}
