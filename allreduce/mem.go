package allreduce

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Mem is a transport inside one process: rings opened on the same Mem under
// their names find each other. It hands frames over without copying. It can
// cut, lose and delay what travels between two nodes, and works in a
// testing/synctest bubble, where delays take no real time. It starts no
// goroutines.
type Mem struct {
	mu struct {
		sync.Mutex
		offers  map[memEnd]*memLink   // the newest of each
		waiting map[memEnd][]*memLink // who waits in Open for another offer
		edges   map[memEdge]*memFaults
		watch   func(from, to string, h Header)
	}
}

// memEnd is a node's end of its edges of one kind.
type memEnd struct {
	node string
	edge Edge
}

type memEdge struct{ from, to string }

// memFaults is what the tests do to one edge.
type memFaults struct {
	mu    sync.Mutex
	cut   bool
	drop  int
	delay time.Duration
	rate  float64   // bytes a second; 0: any number at once
	busy  time.Time // until when the frames before take up the edge
}

var _ Transport = (*Mem)(nil)

// NewMem returns a transport that nobody uses yet.
func NewMem() *Mem {
	m := new(Mem)
	m.mu.offers = make(map[memEnd]*memLink)
	m.mu.waiting = make(map[memEnd][]*memLink)
	m.mu.edges = make(map[memEdge]*memFaults)
	return m
}

// Cut breaks the connection over which from sends to to: both learn at once
// that they have lost each other, and so does whoever opens that edge until
// Mend.
func (m *Mem) Cut(from, to string) {
	m.faults(from, to).setCut(true)
	m.mu.Lock()
	defer m.mu.Unlock()
	ends := make(map[*memLink]error)
	for end, l := range m.mu.offers {
		if end.node == from && l.t.Names[l.t.Next()] == to {
			ends[l] = l.t.peerError(l.t.Next(), ErrLost)
		}
		if end.node == to && l.t.Names[l.t.Prev()] == from {
			ends[l] = l.t.peerError(l.t.Prev(), ErrLost)
		}
	}
	failTogether(ends)
}

// Crash takes a node off the network as the death of its process does: its
// neighbours lose it at once, and nothing that it may still say is heard. Its
// own link ends with ErrLost.
func (m *Mem) Crash(node string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := false
	for end, l := range m.mu.offers {
		if end.node == node {
			known = true
			l.silence()
			l.fail(ErrLost)
			m.wake(end)
		}
	}
	for end, other := range m.mu.offers {
		if names := other.t.Names; !known || end.node == node {
		} else if names[other.t.Next()] == node {
			other.fail(other.t.peerError(other.t.Next(), ErrLost))
		} else if names[other.t.Prev()] == node {
			other.fail(other.t.peerError(other.t.Prev(), ErrLost))
		}
	}
}

// Mend lets from and to connect again; links that were cut stay so.
func (m *Mem) Mend(from, to string) {
	m.faults(from, to).setCut(false)
}

// Drop loses the next n frames that from sends to to; nobody is told.
func (m *Mem) Drop(from, to string, n int) {
	f := m.faults(from, to)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop = n
}

// Delay makes every later frame that from sends to to take d. Order stays.
func (m *Mem) Delay(from, to string, d time.Duration) {
	f := m.faults(from, to)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = d
}

// Rate makes every later frame that from sends to to take up the edge for as
// long as its bytes need at so many a second, one frame after the other; the
// Delay comes on top. 0 is no limit.
func (m *Mem) Rate(from, to string, bytesPerSecond float64) {
	f := m.faults(from, to)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rate = bytesPerSecond
}

// Watch has every frame reported to f, in the sender's goroutine, before it is
// delivered or lost; f may call Cut, Drop and Delay. It counts for links opened
// afterwards.
func (m *Mem) Watch(f func(from, to string, h Header)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.watch = f
}

// Open implements Transport.
func (m *Mem) Open(ctx context.Context, t Topology) (Link, error) {
	l, err := m.offer(t)
	if err != nil {
		return nil, err
	}
	for {
		ready, err := m.pair(l)
		if err == nil && !ready {
			select {
			case <-l.changed:
				continue
			case <-l.dead:
				continue
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		if err != nil {
			m.abandon(l, err)
			return nil, err
		}
		return l, nil
	}
}

// offer makes a link known under its node's name.
func (m *Mem) offer(t Topology) (*memLink, error) {
	name := t.Names[t.Rank]
	l := newMemLink(t)
	l.out = m.faults(name, t.Names[t.Next()])
	in := m.faults(t.Names[t.Prev()], name)
	m.mu.Lock()
	defer m.mu.Unlock()
	end := l.end(t.Rank)
	if old := m.mu.offers[end]; old != nil && old.t.Run == t.Run && old.t.Generation >= t.Generation {
		return nil, fmt.Errorf("%w: %s opens generation %d after %d", ErrStale, name, t.Generation, old.t.Generation)
	}
	if l.out.isCut() {
		return nil, t.peerError(t.Next(), ErrLost)
	}
	if in.isCut() {
		return nil, t.peerError(t.Prev(), ErrLost)
	}
	l.watch = m.mu.watch
	m.mu.offers[end] = l
	m.wake(end)
	return l, nil
}

// abandon ends a link that never opened. Its offer stays, so that neighbours
// learn why; those that have paired with it are told.
func (m *Mem) abandon(l *memLink, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l.fail(err)
	w := NewFarewell(l.t, err)
	for _, rank := range [2]int{l.t.Next(), l.t.Prev()} {
		if other := m.mu.offers[l.end(rank)]; other != nil && (other.next == l || other.prev == l) {
			other.fail(w.Err(other.t, l.t.Rank))
		}
	}
	m.wake(l.end(l.t.Rank))
}

// pair looks whether both neighbours are there. If not, l.changed tells when it
// is worth another look.
func (m *Mem) pair(l *memLink) (ready bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := l.err(); err != nil {
		return false, err
	}
	var found [2]*memLink
	for i, rank := range [2]int{l.t.Next(), l.t.Prev()} {
		other := m.mu.offers[l.end(rank)]
		if other == nil {
			m.await(l, rank)
			continue
		}
		err := l.t.Hello().Match(other.t.Hello(), rank)
		if err == nil {
			if why := other.broken(); why != nil {
				return false, NewFarewell(other.t, why).Err(l.t, rank)
			}
			found[i] = other
		} else if other.t.Run != l.t.Run || other.t.Generation >= l.t.Generation {
			return false, l.t.peerError(rank, err)
		} else {
			m.await(l, rank)
		}
	}
	if found[0] == nil || found[1] == nil {
		return false, nil
	}
	l.next, l.prev = found[0], found[1]
	return true, nil
}

// await notes that l waits for news of a rank; the caller holds m.mu.
func (m *Mem) await(l *memLink, rank int) {
	end := l.end(rank)
	if !slices.Contains(m.mu.waiting[end], l) {
		m.mu.waiting[end] = append(m.mu.waiting[end], l)
	}
}

// wake has those who wait for news of an end look again; the caller holds m.mu.
func (m *Mem) wake(end memEnd) {
	for _, l := range m.mu.waiting[end] {
		select {
		case l.changed <- struct{}{}:
		default:
		}
	}
	delete(m.mu.waiting, end)
}

func (m *Mem) faults(from, to string) *memFaults {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := memEdge{from, to}
	f := m.mu.edges[e]
	if f == nil {
		f = new(memFaults)
		m.mu.edges[e] = f
	}
	return f
}

func (f *memFaults) isCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut
}

func (f *memFaults) setCut(cut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = cut
}

// next tells what happens to the next frame, of so many bytes: it is lost, or it
// arrives when it is due; the zero time is at once.
func (f *memFaults) next(bytes int) (lost bool, due time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.drop > 0 {
		f.drop--
		return true, due
	}
	if f.delay <= 0 && f.rate <= 0 {
		return false, due
	}
	due = time.Now()
	if f.rate > 0 {
		if due.Before(f.busy) {
			due = f.busy
		}
		due = due.Add(time.Duration(float64(bytes) / f.rate * 1e9))
		f.busy = due
	}
	return false, due.Add(f.delay)
}
