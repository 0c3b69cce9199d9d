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
	Lost bool   // its connection broke (ErrLost); else it gave up, or misbehaved
	Text string // what went wrong with it
}

// NewFarewell returns what the node at t says when it aborts because of
// reason: the peer that reason names, or else itself.
func NewFarewell(t Topology, reason error) Farewell {
	w := Farewell{Rank: t.Rank}
	if pe, ok := errors.AsType[*PeerError](reason); ok && pe.Rank >= 0 && pe.Rank < t.Nodes() {
		w.Rank, reason = pe.Rank, pe.Err
		w.Lost = errors.Is(reason, ErrLost)
	}
	if h, ok := errors.AsType[*hearsay](reason); ok {
		w.Text = h.text // who said so first is of no interest two nodes on
	} else if reason != nil {
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
	h := &hearsay{kind: ErrGaveUp, by: t.Names[neighbour], text: w.Text}
	if w.Lost {
		h.kind = ErrLost
	}
	return t.peerError(w.Rank, h)
}

// hearsay is what a neighbour says is wrong with another node.
type hearsay struct {
	kind     error
	by, text string
}

func (h *hearsay) Error() string { return fmt.Sprintf("%s, says %s", h.text, h.by) }

func (h *hearsay) Unwrap() error { return h.kind }

// Append appends the encoded farewell to b.
func (w Farewell) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(w.Rank))
	if w.Lost {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return appendString(b, w.Text)
}

// ParseFarewell decodes a farewell; errors wrap ErrFrame.
func ParseFarewell(b []byte) (Farewell, error) {
	d := decoder{b: b[:min(len(b), maxText+64)]}
	w := Farewell{Rank: d.number(), Lost: d.number() != 0, Text: d.text()}
	if err := d.end(); err != nil {
		return Farewell{}, fmt.Errorf("%w: farewell: %v", ErrFrame, err)
	}
	return w, nil
}
