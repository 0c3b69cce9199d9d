package cluster

import (
	"math/rand/v2"
	"slices"
	"time"
)

// How soon a leader tries again.

const (
	// retryPause is how long a leader waits after an attempt that others
	// stood in the way of: they may know better in a moment. It grows with each
	// in a row, up to mostPause, and a random part is added, for two who get
	// in each other's way.
	retryPause = 20 * time.Millisecond
	mostPause  = 200 * time.Millisecond
	// lackPause is how long it waits after one that lacked nodes, unless
	// somebody comes.
	lackPause = 500 * time.Millisecond
)

// contested sets the pause after an attempt that others stood in the way of.
func (s *state) contested(now time.Time) {
	s.contests++
	pause := min(retryPause<<min(s.contests-1, 8), mostPause)
	s.retry = now.Add(pause/2 + rand.N(pause))
}

// A ring that is formed again of the same members was broken by nobody who
// could be left out. The pause before the next one grows each time, so that
// whatever breaks it does not keep everybody busy forming rings.
const (
	firstPace = 100 * time.Millisecond
	lastPace  = 5 * time.Second
	calm      = time.Minute // a ring that lasts so long is a good one
)

// sameMembers reports whether two rosters have the same members.
func sameMembers(a, b Roster) bool { return slices.Equal(a.Members, b.Members) }

// settlePace sets the pause before the ring after r, which follows before.
func (s *state) settlePace(before, r Roster, now time.Time) {
	switch {
	case !sameMembers(before, r) || now.Sub(s.formedAt) > calm:
		s.pace = 0
	default:
		s.pace = min(max(firstPace, 2*s.pace), lastPace)
	}
	s.retry = now.Add(s.pace)
}
