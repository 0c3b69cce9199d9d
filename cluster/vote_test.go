package cluster

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var eight = policy{Nodes: 3, Shards: 8}

func TestVote(t *testing.T) {
	m := crew(4)
	good := func() proposal { return proposal{Roster: newRoster(5, m[:3], 8, 0), Identity: someone} }
	for _, c := range []struct {
		name   string
		change func(p *proposal, b *ballot, pol *policy)
		view   []Member
		want   string // part of the reason; "" is acceptance
		differ string
	}{
		{"good", nil, m[:3], "", ""},
		{"another data set", func(p *proposal, _ *ballot, _ *policy) { p.Identity.Data = "d2" }, m[:3], "not the same run", FieldData},
		{"other shards", func(p *proposal, _ *ballot, _ *policy) { p.Roster = newRoster(5, m[:3], 4, 0) }, m[:3], "not the same shards", FieldShards},
		{"malformed", func(p *proposal, _ *ballot, _ *policy) { p.Roster.Shards[1]++ }, m[:3], "not an even split", ""},
		{"stale", func(_ *proposal, b *ballot, _ *policy) { b.Promised = 5 }, m[:3], "generation 5 is stale: 5 is already accepted", ""},
		{"staler", func(_ *proposal, b *ballot, _ *policy) { b.Promised = 9 }, m[:3], "generation 5 is stale: 9 is already accepted", ""},
		{"formed", func(_ *proposal, b *ballot, _ *policy) { b.Committed = newRoster(1, m[:2], 8, 0) }, m[:3], "the ring of generation 1 is already formed", ""},
		{"without us", func(p *proposal, _ *ballot, _ *policy) { p.Roster = newRoster(5, m[2:], 8, 0) }, m[:3], "does not list m01#", ""},
		{"us, elsewhere", func(p *proposal, _ *ballot, _ *policy) { p.Roster.Members[1].Addr = "10.9.9.9:1" }, m[:3], "does not list m01#", ""},
		{"full, with another one here", nil, m, "", ""},
		{"open, with another one here", func(_ *proposal, _ *ballot, pol *policy) { pol.Nodes = 0 }, m, "m03#aaaaaaaa is here too", ""},
	} {
		b, p, pol := ballot{Promised: 4}, good(), eight
		if c.change != nil {
			c.change(&p, &b, &pol)
		}
		before := b.Promised
		v := b.vote(p, m[0].Name, m[1], someone, c.view, pol)
		if v.Accepted != (c.want == "") || !strings.Contains(v.Reason, c.want) {
			t.Errorf("%s: %+v, want %q", c.name, v, c.want)
		}
		if (v.Differs == nil) != (c.differ == "") || v.Differs != nil && v.Differs.Field != c.differ {
			t.Errorf("%s: differs %v, want %q", c.name, v.Differs, c.differ)
		}
		if v.Promised != b.Promised || v.Accepted != (b.Promised > before) {
			t.Errorf("%s: promised %d, says %d, was %d", c.name, b.Promised, v.Promised, before)
		}
		if (v.Committed != nil) != (b.Committed.Generation > 0) {
			t.Errorf("%s: shows roster %v", c.name, v.Committed)
		}
	}
}

func TestVoteIsForTheLowest(t *testing.T) {
	m := crew(3)
	var b ballot
	v := b.vote(proposal{newRoster(1, m[1:], 8, 0), someone}, m[1].Name, m[2], someone, m, eight)
	if v.Accepted || !strings.Contains(v.Reason, "m00#aaaaaaaa leads, not m01#aaaaaaaa") {
		t.Errorf("%+v", v)
	}
}

func TestCommit(t *testing.T) {
	m := crew(4)
	first, second := newRoster(1, m[:3], 8, 0), newRoster(2, m[:3], 8, 0)
	b := ballot{Promised: 1, Accepted: first}
	if err := b.commit(second, m[1]); err == nil || !strings.Contains(err.Error(), "only 1 has been accepted") {
		t.Errorf("a roster that was not accepted: %v", err)
	}
	var late *FormedError
	if err := b.commit(first, m[3]); !errors.As(err, &late) || late.Generation != 1 || len(late.Members) != 3 {
		t.Errorf("a roster without us: %v", err)
	}
	elsewhere := m[1]
	elsewhere.Addr = "10.9.9.9:1"
	if err := b.commit(first, elsewhere); err == nil {
		t.Error("a roster with another address of ours passed")
	}
	for range 2 {
		if err := b.commit(first, m[1]); err != nil {
			t.Errorf("the accepted roster: %v", err)
		}
	}
	b.Promised = 2
	if err := b.commit(second, m[1]); err == nil || !strings.Contains(err.Error(), "generation 1 is already formed") {
		t.Errorf("a second roster: %v", err)
	}
	overtaken := ballot{Promised: 2, Accepted: second}
	if err := overtaken.commit(first, m[1]); err != nil {
		t.Errorf("a roster that was accepted and overtaken: %v", err)
	}
}

// Several leaders propose to several members, in any order, with votes and
// commits lost at will. Nobody ever commits two rosters, and two different
// rosters are never both committed by all of their members.
func TestNeverTwoRings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := crew(rapid.IntRange(2, 5).Draw(t, "members"))
		ballots := make([]ballot, len(m))
		type trial struct {
			roster Roster
			yes    map[int]bool
		}
		trials := make([]*trial, len(m))
		pol := policy{Nodes: len(m), Shards: 8}
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			i := rapid.IntRange(0, len(m)-1).Draw(t, "leader")
			j := rapid.IntRange(0, len(m)-1).Draw(t, "member")
			switch rapid.SampledFrom([]string{"propose", "vote", "commit"}).Draw(t, "what") {
			case "propose":
				if ballots[i].Committed.Generation == 0 {
					trials[i] = &trial{ballots[i].propose(m, 8, uint64(i)), map[int]bool{i: true}} // the step tells the leaders' rosters apart
				}
			case "vote":
				if tr := trials[i]; tr != nil && i != j {
					v := ballots[j].vote(proposal{tr.roster, someone}, m[0].Name, m[j], someone, m, pol)
					if v.Accepted {
						tr.yes[j] = true
					}
					ballots[i].Promised = max(ballots[i].Promised, v.Promised)
				}
			case "commit":
				tr := trials[i]
				if tr == nil || len(tr.yes) < len(m) || ballots[i].Accepted.Hash() != tr.roster.Hash() && ballots[i].Committed.Hash() != tr.roster.Hash() {
					continue
				}
				before := ballots[j].Committed
				err := ballots[j].commit(tr.roster, m[j])
				if before.Generation > 0 && ballots[j].Committed.Hash() != before.Hash() {
					t.Fatalf("%s changed its roster: %v", m[j].Name, err)
				}
			}
		}
		all := map[uint64]int{}
		for _, b := range ballots {
			if b.Committed.Generation > 0 {
				all[b.Committed.Hash()]++
			}
		}
		for h, n := range all {
			if n == len(m) && len(all) > 1 {
				t.Fatalf("ring %x is whole, and yet there are %d rosters", h, len(all))
			}
		}
	})
}
