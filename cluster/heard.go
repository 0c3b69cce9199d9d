package cluster

import (
	"errors"
	"sync"
)

// What somebody on the way has recorded can be sent to a node again. Transport
// security keeps that from strangers, and whatever is about another generation
// changes nothing; beyond that a node remembers which questions it has answered.

// errReplayed says that a question was answered before.
var errReplayed = errors.New("cluster: this message was answered before")

// remembered is how many questions a node remembers: those of half an hour on a
// ring in trouble.
const remembered = 4096

// heard are the nonces of the latest questions. Its zero value is empty.
type heard struct {
	mu     sync.Mutex
	known  map[string]bool
	oldest []string // a circle
	next   int
	again  uint64 // how many came again
}

// first notes a question that was found genuine and reports whether it is new;
// if not, again is how many such there have been.
func (h *heard) first(from string, nonce []byte) (ok bool, again uint64) {
	key := from + "\x00" + string(nonce)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known[key] {
		h.again++
		return false, h.again
	}
	if h.known == nil {
		h.known = make(map[string]bool, remembered)
		h.oldest = make([]string, remembered)
	}
	delete(h.known, h.oldest[h.next])
	h.known[key], h.oldest[h.next] = true, key
	h.next = (h.next + 1) % remembered
	return true, h.again
}
