package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/cluster/clustertest"
	"github.com/ballast-ml/ballast/internal/jobkey"
)

// secured returns the credentials of a secret; nil for none.
func secured(t testing.TB, secret string) *tls.Config {
	t.Helper()
	config, err := jobkey.TLS([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// seed starts node 0 of a ring of two, whose log goes to the returned journal;
// done ends it.
func seed(t testing.TB, secret string, opts ...Option) (s *Server, node *cluster.Node, log *clustertest.Journal, done func()) {
	t.Helper()
	log = new(clustertest.Journal)
	logger := zerolog.New(log)
	s = listen(t, append([]Option{TLS(secured(t, secret)), Log(logger)}, opts...)...)
	cfg := config(0, s, s.Addr())
	cfg.Nodes, cfg.Secret, cfg.Log = 2, []byte(secret), logger
	node, err := cluster.Join(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	done = func() {
		if ended {
			return
		}
		ended = true
		if err := node.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(done)
	return s, node, log, done
}

// join has node i join the seed and takes it out again.
func join(t testing.TB, i int, seed, secret string, change func(*cluster.Config)) (*cluster.Node, error) {
	t.Helper()
	s := listen(t, TLS(secured(t, secret)))
	cfg := config(i, s, seed)
	cfg.Nodes, cfg.Secret = 2, []byte(secret)
	change(&cfg)
	node, err := cluster.Join(soon(t), cfg)
	if err == nil {
		t.Cleanup(func() { node.Leave(t.Context()) })
	}
	return node, err
}

// Whoever does not belong is told so at once and in the words of the cluster,
// although TLS lets it say nothing; whoever belongs gets in afterwards.
func TestOtherSecretsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name         string
		here, there  string
		run          string
		field        string
		ours, theirs string
		reason       reason // in the seed's log; empty: the cluster's line
	}{
		{"other", "one secret", "another secret", "r", cluster.FieldSecret, "one", "another", otherSecret},
		{"none in the joiner", "one secret", "", "r", cluster.FieldSecret, "none", "one", noSecret},
		{"none in the seed", "", "another secret", "r", cluster.FieldSecret, "one", "none", needlessSecret},
		{"same secret, other run", "one secret", "one secret", "other", cluster.FieldRun, "other", "r", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, node, log, done := seed(t, c.here)
			begun := time.Now()
			_, err := join(t, 1, s.Addr(), c.there, func(cfg *cluster.Config) { cfg.Identity.Run = c.run })
			r, ok := errors.AsType[*cluster.RefusedError](err)
			if !ok || r.Field != c.field || r.Ours != c.ours || r.Theirs != c.theirs || !strings.Contains(r.Peer, s.Addr()) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("told after %v", took)
			}
			if _, err := join(t, 2, s.Addr(), c.here, func(*cluster.Config) {}); err != nil {
				t.Fatalf("one who belongs: %v", err)
			}
			if roster, err := node.Await(soon(t), 0); err != nil || len(roster.Members) != 2 {
				t.Errorf("%v, %v", roster, err)
			}
			refused := s.Refused()
			done()
			want := []string{`"message":"refused a node"`, `"differs":"run"`, `"peer":"127.0.0.1:`}
			if c.reason != "" {
				want = []string{`"message":"refused a connection"`, `"reason":"` + string(c.reason) + `"`, `"peer":"127.0.0.1:`}
				if refused[string(c.reason)] == 0 {
					t.Errorf("counted %v", refused)
				}
			}
			for _, w := range want {
				if !strings.Contains(log.String(), w) {
					t.Errorf("%s is not in the log:\n%s", w, log)
				}
			}
		})
	}
}

// A clock that is wrong by more than certificates allow is named as that, and
// is no final answer: it can be set right.
func TestWrongClockIsNamed(t *testing.T) {
	s := serve(t, listen(t, TLS(secured(t, "secret"))), echo)
	c := listen(t, TLS(at(t, "secret", -72*time.Hour)))
	_, err := c.Call(soon(t), s.Addr(), nil)
	if _, refused := errors.AsType[*cluster.RefusedError](err); err == nil || refused || !strings.Contains(err.Error(), "set the clocks of both machines") {
		t.Errorf("got %v", err)
	}
}

// at returns the credentials that a machine makes whose clock is off.
func at(t testing.TB, secret string, off time.Duration) *tls.Config {
	t.Helper()
	config, err := jobkey.TLSAt([]byte(secret), func() time.Time { return time.Now().Add(off) })
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// The ring of a run with a secret forms as quickly as any, and a member's
// death is noticed as quickly.
func TestRingOverTLS(t *testing.T) {
	s, first, _, done := seed(t, "one secret")
	second, err := join(t, 1, s.Addr(), "one secret", func(*cluster.Config) {})
	if err != nil {
		t.Fatal(err)
	}
	roster, err := first.Await(soon(t), 0)
	if err != nil || len(roster.Members) != 2 {
		t.Fatalf("%v, %v", roster, err)
	}
	other, err := second.Await(soon(t), 0)
	if err != nil || other.Hash() != roster.Hash() {
		t.Fatalf("%v, %v", other, err)
	}
	if refused := s.Refused(); len(refused) > 0 {
		t.Errorf("refused %v", refused)
	}
	done()
}

// A process with another secret at a member's address is the proof that the
// member is gone: it counts as quickly as a closed port does.
func TestStrangerInAMembersPlace(t *testing.T) {
	s, first, _, done := seed(t, "one secret")
	member := listen(t, TLS(secured(t, "one secret")))
	cfg := config(1, member, s.Addr())
	cfg.Nodes, cfg.Secret = 2, []byte("one secret")
	second, err := cluster.Join(soon(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	roster, err := first.Await(soon(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	session, cancel := first.During(soon(t), roster)
	defer cancel()
	begun := time.Now()
	member.Close() // what the kernel does for a killed process
	stranger, err := Listen(t.Context(), member.Addr(), TLS(secured(t, "another secret")))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	serve(t, stranger, echo)
	<-session.Done()
	cause := context.Cause(session)
	lost, ok := errors.AsType[*cluster.LossError](cause)
	if !ok || lost.Loss.Peer != second.Self().Name {
		t.Errorf("got %v", cause)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("noticed after %v: %v", took, cause)
	}
	t.Logf("after %v: %v", time.Since(begun), cause)
	if err := second.Leave(canceled(t)); err != nil {
		t.Error(err)
	}
	done()
}

// canceled returns a context that has ended.
func canceled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
