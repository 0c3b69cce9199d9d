package cluster

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// keys are what the run's secret is used for: one key encrypts the gossip, the
// other proves who wrote a direct message. Without a secret both are nil.
type keys struct {
	gossip  []byte // AES-256
	message []byte // HMAC-SHA-256
}

// deriveKeys returns the keys of a secret; nil or empty gives none.
func deriveKeys(secret []byte) (keys, error) {
	gossip, err := jobkey.Gossip(secret)
	if err != nil {
		return keys{}, fmt.Errorf("cluster: %w", err)
	}
	message, err := jobkey.Message(secret)
	if err != nil {
		return keys{}, fmt.Errorf("cluster: %w", err)
	}
	return keys{gossip, message}, nil
}

// mac returns the proof that a holder of key wrote the parts in this order;
// nil without a key.
func mac(key []byte, parts ...[]byte) []byte {
	if key == nil {
		return nil
	}
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return h.Sum(nil)
}

// secretDifference tells a peer's proof from ours in words: whether there is
// a secret at all may be said, its value never.
func secretDifference(key, proof []byte) difference {
	say := func(b []byte) string {
		if len(b) == 0 {
			return "none"
		}
		return "one"
	}
	d := difference{FieldSecret, say(key), say(proof)}
	if len(key) > 0 && len(proof) > 0 {
		d.Theirs = "another"
	}
	return d
}

// nonce returns 16 random bytes.
func nonce() []byte {
	b := make([]byte, 16)
	rand.Read(b)
	return b
}

// challenges remembers the nonces that were handed out and not yet answered.
// Each can be answered once. The memory is bounded: a flood pushes out older
// ones, whose owners ask again.
type challenges struct {
	mu struct {
		sync.Mutex
		open [][]byte // oldest first
	}
}

// maxChallenges is how many joiners may be between question and answer.
const maxChallenges = 256

// issue returns a new challenge.
func (c *challenges) issue() []byte {
	n := nonce()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mu.open) == maxChallenges {
		c.mu.open = slices.Delete(c.mu.open, 0, 1)
	}
	c.mu.open = append(c.mu.open, n)
	return n
}

// take reports whether n was issued and not taken before.
func (c *challenges) take(n []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.mu.open, func(o []byte) bool { return hmac.Equal(o, n) })
	if i < 0 {
		return false
	}
	c.mu.open = slices.Delete(c.mu.open, i, i+1)
	return true
}
