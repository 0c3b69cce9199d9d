package jobkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"
)

// The keys of a secret are part of the protocol: nodes of two releases must
// still understand each other well enough to name the version that differs.
func TestKeysNeverChange(t *testing.T) {
	secret := []byte("an example of a secret")
	gossip, err := Gossip(secret)
	if err != nil {
		t.Fatal(err)
	}
	message, err := Message(secret)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newAuthority(secret)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(a.cert.Raw)
	for what, c := range map[string]struct {
		got  []byte
		want string
	}{
		"gossip":    {gossip, "2b92034e787423aa31707ab30df761bd404dfb18dad00378448fb8fb90a07ca7"},
		"message":   {message, "3612afa2c1f653957c6e69dc3953870245113e158fba439644b03bb635e2d169"},
		"authority": {sum[:], "cf47a65031e055e6df7bd8fc7f76b6eb5b4e5435aa438657a0bee1337a2ba98b"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

func TestKeysAreApart(t *testing.T) {
	var all [][]byte
	for _, secret := range []string{"one", "two"} {
		for _, use := range []string{forGossip, forMessage, forAuthority} {
			k, err := derive([]byte(secret), use)
			if err != nil {
				t.Fatal(err)
			}
			if len(k) != 32 {
				t.Errorf("%s of %s has %d bytes, want 32", use, secret, len(k))
			}
			all = append(all, k)
		}
	}
	for i, x := range all {
		for j, y := range all {
			if (i == j) != bytes.Equal(x, y) {
				t.Errorf("keys %d and %d", i, j)
			}
		}
	}
}

func TestNoSecretGivesNothing(t *testing.T) {
	for _, none := range [][]byte{nil, {}} {
		gossip, err := Gossip(none)
		message, err2 := Message(none)
		config, err3 := TLS(none)
		if gossip != nil || message != nil || config != nil || err != nil || err2 != nil || err3 != nil {
			t.Errorf("%v: %v %v %v, %v %v %v", none, gossip, message, config, err, err2, err3)
		}
	}
}

// Certificates are of the process, not of the secret, and are replaced before
// they expire, whatever the clock does.
func TestCertificatesAreFresh(t *testing.T) {
	a, err := newAuthority([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
	w := &wallet{authority: a, now: func() time.Time { return now }}
	other := &wallet{authority: a, now: w.now}
	take := func(w *wallet) []byte {
		t.Helper()
		c, err := w.certificate()
		if err != nil {
			t.Fatal(err)
		}
		if c.Leaf.NotBefore.After(now.Add(-12*time.Hour)) || c.Leaf.NotAfter.Before(now.Add(12*time.Hour)) {
			t.Errorf("at %v: valid from %v to %v, too tight for clocks that differ", now, c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		if c.Leaf.NotAfter.Sub(c.Leaf.NotBefore) > 48*time.Hour {
			t.Errorf("valid from %v to %v: not short-lived", c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		return c.Leaf.Raw
	}
	first := take(w)
	if bytes.Equal(first, take(other)) {
		t.Error("two processes have one certificate")
	}
	for _, step := range []struct {
		by    time.Duration
		fresh bool
	}{{0, false}, {11 * time.Hour, false}, {2 * time.Hour, true}, {-100 * time.Hour, true}, {1000 * time.Hour, true}} {
		now = now.Add(step.by)
		next := take(w)
		if fresh := !bytes.Equal(first, next); fresh != step.fresh {
			t.Errorf("%v later: a new certificate: %v, want %v", step.by, fresh, step.fresh)
		}
		first = next
	}
}
