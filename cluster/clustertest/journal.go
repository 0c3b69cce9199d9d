package clustertest

import (
	"strings"
	"sync"
)

// Journal is a log that may be read while it is written: of memberlist's
// goroutines nobody can wait for the last. The zero value is empty.
type Journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends p; it never fails.
func (j *Journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// String returns what has been written so far.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
