package cluster

import (
	"bytes"
	"testing"
)

func TestKeysAreApart(t *testing.T) {
	a, err := deriveKeys([]byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := deriveKeys([]byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range [][]byte{a.gossip, a.message, b.gossip, b.message} {
		if len(x) != 32 {
			t.Errorf("key %d has %d bytes, want 32 for AES-256", i, len(x))
		}
		for j, y := range [][]byte{a.gossip, a.message, b.gossip, b.message} {
			if (i == j) != bytes.Equal(x, y) {
				t.Errorf("keys %d and %d", i, j)
			}
		}
	}
	if none, err := deriveKeys(nil); err != nil || none.gossip != nil || none.message != nil {
		t.Errorf("no secret gives %v, %v", none, err)
	}
}

func TestMACSeesWhereThePartsEnd(t *testing.T) {
	key := []byte("key")
	if bytes.Equal(mac(key, []byte("ab"), []byte("c")), mac(key, []byte("a"), []byte("bc"))) {
		t.Error("moving a byte from one part to the next goes unnoticed")
	}
	if mac(nil, []byte("a")) != nil {
		t.Error("a proof without a key")
	}
}

func TestChallengesAreTakenOnce(t *testing.T) {
	var c challenges
	first := c.issue()
	if !c.take(first) || c.take(first) || c.take(nil) || c.take(nonce()) {
		t.Error("a challenge must be taken exactly once, and only one that was issued")
	}
	old := c.issue()
	for range maxChallenges {
		c.issue()
	}
	if len(c.mu.open) != maxChallenges || c.take(old) {
		t.Errorf("%d challenges are open, at most %d may be", len(c.mu.open), maxChallenges)
	}
}
