package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDecide(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := crew(12)
	second := func(n float64) time.Time { return now.Add(time.Duration(n * float64(time.Second))) }
	for _, c := range []struct {
		name   string
		self   int
		have   int
		newest time.Time
		silent map[string]bool
		p      policy
		want   decision // Reason and Err: a part of it
		err    string
	}{
		{"alone, nobody wanted", 0, 1, now, nil, policy{Shards: 8}, decision{Propose: m[:1]}, ""},
		{"alone, one wanted", 0, 1, now, nil, policy{Nodes: 1, Shards: 8}, decision{Propose: m[:1]}, ""},
		{"alone, one wanted, a seed", 0, 1, now, nil, policy{Nodes: 1, Shards: 8, Join: true}, decision{Propose: m[:1]}, ""},
		{"alone, told to join", 0, 1, second(-60), nil, policy{Shards: 8, Join: true}, decision{Reason: "waiting for a second node"}, ""},
		{"some of four", 0, 3, second(-60), nil, policy{Nodes: 4, Shards: 8}, decision{Reason: "3 of 4 nodes here (m00#aaaaaaaa, m01#"}, ""},
		{"four of four, at once", 0, 4, now, nil, policy{Nodes: 4, Shards: 8, Settle: time.Second}, decision{Propose: m[:4]}, ""},
		{"five of four", 0, 5, now, nil, policy{Nodes: 4, Shards: 8}, decision{Propose: m[:4]}, ""},
		{"five of four, one silent", 0, 5, now, map[string]bool{m[1].Name: true}, policy{Nodes: 4, Shards: 8}, decision{Propose: []Member{m[0], m[2], m[3], m[4]}}, ""},
		{"four of four, one silent", 0, 4, now, map[string]bool{m[1].Name: true}, policy{Nodes: 4, Shards: 8}, decision{Propose: []Member{m[0], m[2], m[3], m[1]}}, ""},
		{"not the leader", 1, 4, now, nil, policy{Nodes: 4, Shards: 8}, decision{Reason: "waiting for m00#aaaaaaaa to propose a ring of 4 of 4 nodes"}, ""},
		{"not the leader, too many", 1, 9, now, nil, policy{Shards: 8, Join: true}, decision{Reason: "waiting for m00#aaaaaaaa to propose a ring of 9 nodes"}, ""},
		{"two, one just came", 0, 2, second(-0.4), nil, policy{Shards: 8, Join: true, Settle: time.Second}, decision{Again: second(0.6), Reason: "2 nodes here, waiting 1s for more"}, ""},
		{"two, quiet", 0, 2, second(-1), nil, policy{Shards: 8, Join: true, Settle: time.Second}, decision{Propose: m[:2]}, ""},
		{"as many as shards, quiet", 0, 8, second(-1), nil, policy{Shards: 8, Join: true, Settle: time.Second}, decision{Propose: m[:8]}, ""},
		{"more than shards", 0, 9, now, nil, policy{Shards: 8, Join: true, Settle: time.Second}, decision{}, "9 nodes for 8 shards"},
	} {
		d := decide(now, m[c.self].Name, m[:c.have], c.newest, c.silent, c.p)
		if !strings.HasPrefix(d.Reason, c.want.Reason) || (c.want.Reason == "") != (d.Reason == "") {
			t.Errorf("%s: reason %q, want %q", c.name, d.Reason, c.want.Reason)
		}
		if (c.err == "") != (d.Err == nil) || d.Err != nil && !strings.Contains(d.Err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.name, d.Err, c.err)
		}
		d.Reason, d.Err, c.want.Reason = "", nil, ""
		if diff := cmp.Diff(c.want, d); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// However the views differ, only the lowest of a view proposes, and what it
// proposes is a roster that the shards allow and that lists it.
func TestDecideProposesOnlyWhatCanBe(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		p := policy{Shards: rapid.IntRange(1, 10).Draw(t, "shards"), Join: rapid.Bool().Draw(t, "join"), Settle: time.Second}
		p.Nodes = rapid.IntRange(0, p.Shards).Draw(t, "nodes")
		view := crew(rapid.IntRange(1, 12).Draw(t, "have"))
		self := rapid.SampledFrom(view).Draw(t, "self").Name
		newest := now.Add(-time.Duration(rapid.IntRange(0, 2000).Draw(t, "age")) * time.Millisecond)
		d := decide(now, self, view, newest, nil, p)
		switch {
		case d.Propose != nil && self != view[0].Name:
			t.Fatalf("%s proposes although %s is lower", self, view[0].Name)
		case d.Propose != nil:
			newRoster(1, d.Propose, p.Shards, 0) // panics if it cannot be
			if p.Nodes > 0 && len(d.Propose) != p.Nodes || p.Join && p.Nodes == 0 && len(d.Propose) < 2 {
				t.Fatalf("proposes %d nodes under %+v", len(d.Propose), p)
			}
		case d.Err == nil && d.Reason == "":
			t.Fatal("neither a proposal nor a reason")
		case !d.Again.IsZero() && !d.Again.After(now):
			t.Fatal("wants to be asked again in the past")
		}
	})
}
