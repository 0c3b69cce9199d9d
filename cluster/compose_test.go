package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// granted returns the votes of the members of the indices, who all know the
// last ring to be base and have accepted nothing since.
func granted(m []Member, indices string, base Roster) []voted {
	var out []voted
	for _, c := range indices {
		out = append(out, voted{m[c-'0'], vote{Granted: true, Committed: base}})
	}
	return out
}

// indices writes members as their indices.
func indices(members []Member) string {
	var b strings.Builder
	for _, m := range members {
		b.WriteByte(m.Name[2])
	}
	return b.String()
}

func TestCompose(t *testing.T) {
	m := crew(10)
	ring := func(g uint64, indices string) Roster {
		var members []Member
		for _, c := range indices {
			members = append(members, m[c-'0'])
		}
		return newRoster(g, members, 16, 0)
	}
	five := ring(4, "01234")
	accepts := func(r Roster, votes []voted, indices string) []voted {
		for i, v := range votes {
			for _, c := range indices {
				if v.member == m[c-'0'] {
					votes[i].vote.Accepted = append(votes[i].vote.Accepted, acceptance{r.Members[0].Name, r})
				}
			}
		}
		return votes
	}
	names := func(indices string) map[string]bool {
		out := map[string]bool{}
		for _, c := range indices {
			out[m[c-'0'].Name] = true
		}
		return out
	}
	for _, c := range []struct {
		name    string
		poll    poll
		pol     policy
		want    string // members / witnesses
		refused string // a part of the reason
	}{
		{"all again", poll{votes: granted(m, "01234", five)}, policy{}, "01234/", ""},
		{"one lost", poll{votes: granted(m, "0124", five)}, policy{}, "0124/", ""},
		{"newcomers", poll{votes: granted(m, "0127956", five)}, policy{}, "0125679/", ""},
		{"newcomers, but only so many", poll{votes: granted(m, "0127956", five)}, policy{Max: 5}, "01256/", ""},
		{"a minority", poll{votes: granted(m, "01789", five)}, policy{}, "", "2 of the 5 members of ring 4"},
		{"a minority with proofs", poll{votes: granted(m, "01", five), dead: names("24")}, policy{}, "01/", ""},
		{"a minority with one that completed", poll{votes: granted(m, "12", five), dead: names("0"), done: names("4")}, policy{}, "12/", ""},
		{"below the minimum", poll{votes: granted(m, "012", five)}, policy{Min: 4}, "", "3 of 4 nodes here (m00#"},
		{"below the minimum at the end", poll{votes: granted(m, "012", five), done: names("3")}, policy{Min: 4}, "012/", ""},
		{"a later ring is known to one", poll{votes: append(granted(m, "01", five), granted(m, "234", ring(6, "234"))...)}, policy{}, "01234/", ""},
		{"a later ring without us", poll{votes: append(granted(m, "01", five), granted(m, "4", ring(6, "234"))...)}, policy{}, "", "1 of the 3 members of ring 6"},
		{"we know a later ring", poll{votes: granted(m, "34", five), known: ring(6, "012")}, policy{}, "", "0 of the 3 members of ring 6"},
		{"one hangs", poll{votes: granted(m, "01234", five), out: names("3")}, policy{}, "0124/3", ""},
		{"the first of two hangs", poll{votes: granted(m, "01", ring(4, "01")), out: names("0")}, policy{}, "1/0", ""},
		{"one to be left out if possible", poll{votes: granted(m, "01234", five), shun: m[2].Name}, policy{}, "0134/2", ""},
		{"one to be left out, but needed", poll{votes: granted(m, "01234", five), shun: m[2].Name}, policy{Min: 5}, "01234/", ""},
		{"accepted by all, its proposer silent", poll{votes: accepts(ring(5, "0123"), granted(m, "123", five), "123")}, policy{}, "123/", ""},
		{"accepted by all, most silent", poll{votes: accepts(ring(5, "0156789"), granted(m, "1234", five), "1")}, policy{}, "", "1 of the 7 members of ring 5"},
		{"accepted by some, declined by one", poll{votes: accepts(ring(5, "01256789"), granted(m, "1234", five), "1")}, policy{}, "1234/", ""},
		{"accepted, and its proposer is here", poll{votes: accepts(ring(5, "0156789"), granted(m, "01234", five), "1")}, policy{}, "01234/", ""},
		{"accepted once, hidden by a later one", poll{votes: accepts(ring(6, "12345"), accepts(ring(5, "012"), granted(m, "2345", ring(4, "01234")), "2"), "2345")}, policy{}, "", "1 of the 3 members of ring 5"},
		{"the first ring", poll{votes: granted(m, "012", Roster{})}, policy{Nodes: 3}, "012/", ""},
		{"the first ring, one did not vote", poll{votes: granted(m, "02", Roster{})}, policy{Nodes: 3}, "", "2 of 3 nodes here"},
		{"the first ring was perhaps agreed", poll{votes: accepts(ring(1, "0123"), granted(m, "123", Roster{}), "123")}, policy{Nodes: 4}, "123/", ""},
		{"nobody waits", poll{votes: []voted{{m[7], vote{Granted: true, Committed: five, Idle: true}}}, dead: names("01234")}, policy{}, "", "nobody here waits"},
		{"one is idle", poll{votes: append(granted(m, "012", five), voted{m[7], vote{Granted: true, Committed: five, Idle: true}})}, policy{}, "012/", ""},
		{"a quorum of one", poll{votes: granted(m, "4", five)}, policy{Quorum: 1}, "4/", ""},
	} {
		c.pol.Shards, c.pol.Join = 16, true
		got, reason := compose(c.poll, c.pol)
		if c.refused != "" || reason != "" {
			if c.refused == "" || !strings.Contains(reason, c.refused) {
				t.Errorf("%s: %q, want %q", c.name, reason, c.refused)
			}
			continue
		}
		if d := cmp.Diff(c.want, indices(got.members)+"/"+indices(got.witnesses)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}
