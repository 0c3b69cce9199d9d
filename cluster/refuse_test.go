package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/cluster"
)

func TestStrangersAreRefusedAndToldWhy(t *testing.T) {
	for _, c := range []struct {
		field, ours, theirs string
		change              func(*cluster.Config)
	}{
		{cluster.FieldRun, "other", "r", func(c *cluster.Config) { c.Identity.Run, c.Secret = "other", []byte("other") }},
		{cluster.FieldSecret, "another", "one", func(c *cluster.Config) { c.Secret = []byte("other") }},
		{cluster.FieldSecret, "none", "one", func(c *cluster.Config) { c.Secret = nil }},
		{cluster.FieldVersion, "v2", "v1", func(c *cluster.Config) { c.Identity.Version = "v2" }},
		{cluster.FieldContract, "c2", "c1", func(c *cluster.Config) { c.Identity.Contract = "c2" }},
		{cluster.FieldConfig, "batch=64 wd (absent)", "batch=128 wd=1", func(c *cluster.Config) { c.Identity.Config = "batch=64\nlr=0.05" }},
		{cluster.FieldData, "d2", "d1", func(c *cluster.Config) { c.Identity.Data = "d2" }},
	} {
		simulate(t, func(t *testing.T, s *sim) {
			nodes := s.cast(3, 2)
			for _, a := range nodes {
				a.cfg.Secret = []byte("secret")
				a.cfg.Identity.Config += "\nwd=1"
			}
			c.change(&nodes[2].cfg)
			nodes[0].start()
			<-nodes[0].joined
			_, err := nodes[2].start().await()
			var r *cluster.RefusedError
			if !errors.As(err, &r) {
				t.Fatalf("%s: %v", c.field, err)
			}
			want := &cluster.RefusedError{Peer: nodes[0].node.Self().Name + " (10.0.0.1:7946)", Field: c.field, Ours: c.ours, Theirs: c.theirs}
			if d := cmp.Diff(want, r); d != "" {
				t.Errorf("%s: %s", c.field, d)
			}
			if took := time.Since(nodes[2].begun); took > 100*time.Millisecond {
				t.Errorf("%s: told after %v", c.field, took)
			}
			nodes[1].start()
			s.ring(nodes[:2]...) // nobody else took notice
		})
	}
}

func TestSeedWithoutASecretRefusesOneWithIt(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(2, 2)
		nodes[1].cfg.Secret = []byte("secret")
		nodes[0].start()
		_, err := nodes[1].start().await()
		var r *cluster.RefusedError
		if !errors.As(err, &r) || r.Field != cluster.FieldSecret || r.Ours != "one" || r.Theirs != "none" {
			t.Errorf("got %v", err)
		}
		pass(2 * time.Minute) // the seed gives up
	})
}

// A ring that is full, and a run that is over, turn nodes away.
func TestTooLateForTheRing(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(5, 3)
		for _, a := range nodes {
			a.cfg.Max = 3
		}
		for _, a := range nodes[:3] {
			a.start()
		}
		r := s.ring(nodes[:3]...)
		_, err := nodes[3].start().await()
		late, ok := errors.AsType[*cluster.FormedError](err)
		if !ok || late.Generation != r.Generation || cmp.Diff(late.Members, r.Names()) != "" {
			t.Errorf("got %v", err)
		}
		if !strings.Contains(err.Error(), "the ring is already formed (generation 1: n0#") || !strings.Contains(err.Error(), "3 of at most 3 nodes") {
			t.Error(err)
		}
		for _, a := range nodes[:3] {
			a.calm(r, 10*time.Second)
			a.node.Finish(nil)
		}
		_, err = nodes[4].start().await()
		if _, ok := errors.AsType[*cluster.FormedError](err); !ok || !strings.Contains(err.Error(), "its run is over") {
			t.Errorf("got %v", err)
		}
	})
}

// More nodes come at once than are wanted: the lowest make the ring and the
// others learn that there is no place for them.
func TestSurplusIsTurnedAway(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(6, 4)
		for _, a := range nodes {
			a.cfg.Max = 4
		}
		for _, a := range nodes[1:] {
			a.start() // all wait for the seed
		}
		pass(time.Second)
		nodes[0].start()
		in := 0
		for _, a := range nodes {
			r, err := a.await()
			late, ok := errors.AsType[*cluster.FormedError](err)
			switch {
			case err == nil && len(r.Members) == 4:
				in++
			case !ok || len(late.Members) != 4:
				t.Errorf("%s: %v", a.cfg.Name, err)
			}
		}
		if in != 4 {
			t.Errorf("%d nodes are in the ring of 4", in)
		}
	})
}

func TestMoreNodesThanShardsStopEveryNode(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(4, 0)
		for _, a := range nodes {
			a.cfg.Shards = 3
			a.start()
		}
		for _, a := range nodes {
			_, err := a.await()
			if err == nil || !strings.Contains(err.Error(), "4 nodes for 3 shards: a node without a shard has nothing to compute; start at most 3 nodes or raise the number of shards") {
				t.Errorf("%s: %v", a.cfg.Name, err)
			}
		}
	})
}

// The shards are no part of the identity that a hello compares; the vote finds
// the node that differs, and every node stops and names it.
func TestVoteNamesTheNodeThatDiffers(t *testing.T) {
	simulate(t, func(t *testing.T, s *sim) {
		nodes := s.cast(3, 3)
		nodes[1].cfg.Shards = 5
		for _, a := range nodes {
			a.start()
		}
		for i, a := range nodes {
			_, err := a.await()
			want := []string{"node n1#", "node n0#", "n0#"}[i]
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "another number of shards") {
				t.Errorf("%s: %v", a.cfg.Name, err)
			}
		}
	})
}
