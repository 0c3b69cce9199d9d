package scaling

import (
	"context"
	"math/bits"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
)

// mesh carries small messages between any two nodes, with the delay and the
// rate of the network. The messages have a length and no content.
type mesh struct {
	net  Network
	mail [][]chan time.Time // by receiver and round: when the message is there
	busy []time.Time        // until when a node's edge is taken; its own goroutine's
}

func newMesh(n int, net Network) *mesh {
	m := &mesh{net: net, mail: make([][]chan time.Time, n), busy: make([]time.Time, n)}
	for i := range m.mail {
		m.mail[i] = make([]chan time.Time, rounds(n))
		for k := range m.mail[i] {
			m.mail[i][k] = make(chan time.Time, 1)
		}
	}
	return m
}

// rounds is ⌈log2 n⌉.
func rounds(n int) int { return bits.Len(uint(n - 1)) }

// gather has a node learn so many bytes of every other one by dissemination
// (Bruck et al., IEEE TPDS 1997): in round k it sends what it knows to the node
// 2^k further on, so that what is known doubles.
func (m *mesh) gather(ctx context.Context, rank, bytes int) error {
	n := len(m.mail)
	for k := range rounds(n) {
		known := 1 << k
		to := (rank + known) % n
		due := time.Now()
		if due.Before(m.busy[rank]) {
			due = m.busy[rank]
		}
		length := allreduce.HeaderSize + bytes*min(known, n-known)
		due = due.Add(time.Duration(float64(length) / m.net.Rate * 1e9))
		m.busy[rank] = due
		select {
		case m.mail[to][k] <- due.Add(m.net.Delay):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		select {
		case there := <-m.mail[rank][k]:
			time.Sleep(time.Until(there))
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
