package cluster

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// set returns a test for the members of the indices.
func set(m []Member, indices string) func(string) bool {
	return func(name string) bool {
		for _, c := range indices {
			if m[c-'0'].Name == name {
				return true
			}
		}
		return false
	}
}

func TestQuorum(t *testing.T) {
	m := crew(10)
	for _, c := range []struct {
		base     int // how many members the last ring has: the first ones
		in, dead string
		k        int
		want     string // a part of the reason; "": a quorum
	}{
		{5, "01234", "", 0, ""},
		{5, "012", "", 0, ""},
		{5, "234", "", 0, ""},
		{5, "01", "", 0, "2 of the 5 members of ring 7 that may be alive are here, 3 are needed: waiting for m02#aaaaaaaa, m03#aaaaaaaa, m04#aaaaaaaa"},
		{5, "0156789", "", 0, "2 of the 5"}, // newcomers do not count
		{4, "01", "", 0, ""},
		{4, "03", "", 0, ""},
		{4, "123", "", 0, ""},
		{4, "23", "", 0, "2 of the 4 members of ring 7 that may be alive are here, 3 are needed"},
		{4, "2", "013", 0, ""},
		{4, "23", "0", 0, ""},    // two of three
		{4, "2", "0", 0, "1 of"}, // one of three
		{4, "1", "03", 0, ""},    // half of two, the first of them
		{4, "2", "03", 0, "1 of the 2"},
		{2, "0", "", 0, ""},
		{2, "1", "", 0, "1 of the 2"},
		{2, "1", "0", 0, ""},
		{1, "", "", 0, "0 of the 1"},
		{3, "9", "012", 0, ""}, // nobody can object
		{5, "34", "", 2, ""},
		{5, "4", "", 2, "1 of the 5 members of ring 7 that may be alive are here, 2 are needed"},
		{5, "01234", "", 9, ""}, // all of them
		{5, "0123", "", 9, "4 of the 5"},
		{5, "4", "012", 2, "1 of the 2"},
		{5, "4", "0123", 2, ""},
	} {
		r := newRoster(7, m[:c.base], 16, 0)
		ok, reason := quorum(r, set(m, c.in), set(m, c.dead), c.k)
		if ok != (c.want == "") || !strings.Contains(reason, c.want) {
			t.Errorf("%+v: %v, %q", c, ok, reason)
		}
	}
}

// Of two sides that have nobody in common at most one has a quorum, whoever is
// dead; and whoever joins a side does not take its quorum away.
func TestQuorumLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := crew(rapid.IntRange(1, 9).Draw(t, "members"))
		r := newRoster(1, m, 16, 0)
		var sides [3][]string // the third is dead
		for _, x := range m {
			s := rapid.IntRange(0, 2).Draw(t, "side")
			sides[s] = append(sides[s], x.Name)
		}
		of := func(names []string) func(string) bool {
			return func(name string) bool { return slices.Contains(names, name) }
		}
		dead := of(sides[2])
		a, _ := quorum(r, of(sides[0]), dead, 0)
		b, _ := quorum(r, of(sides[1]), dead, 0)
		if a && b && len(sides[0])+len(sides[1]) > 0 {
			t.Fatalf("%v and %v both have a quorum", sides[0], sides[1])
		}
		if len(sides[2]) < len(m) && !a && !b {
			t.Fatalf("neither %v nor %v has a quorum", sides[0], sides[1])
		}
		more := append(slices.Clone(sides[0]), rapid.SampledFrom(m).Draw(t, "one more").Name)
		if ok, _ := quorum(r, of(more), dead, 0); a && !ok {
			t.Fatalf("%v has a quorum, %v has not", sides[0], more)
		}
	})
}

// Nodes propose, vote, accept and commit in any order, with any messages lost.
// Each roster that is committed has, among those who accepted it, a quorum of
// the one committed before it: the rings form one chain. No generation is
// committed twice.
func TestRingsFormOneChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newModel(t, rapid.IntRange(2, 7).Draw(t, "nodes"))
		for range rapid.IntRange(1, 80).Draw(t, "events") {
			w.step(t)
		}
		w.check(t)
	})
}

// model is nodes without time and network: only their ballots.
type model struct {
	m       []Member
	ballots []ballot
	known   []Roster
	trials  []*trial // each node's proposal under way
	chosen  []choice
}

type trial struct {
	generation uint64
	votes      []voted
	roster     Roster
	acceptors  []string
	accepted   map[string]bool
}

type choice struct {
	roster    Roster
	acceptors []string
}

// newModel returns n nodes of which the first few are in a ring, and the others
// have been told of it when they were welcomed.
func newModel(t *rapid.T, n int) *model {
	w := &model{m: crew(n), ballots: make([]ballot, n), known: make([]Roster, n), trials: make([]*trial, n)}
	k := rapid.IntRange(1, n).Draw(t, "in the first ring")
	first := newRoster(1, w.m[:k], 16, 0)
	for i := range n {
		if i < k {
			w.ballots[i] = ballot{Promised: 1, Committed: first}
		}
		w.ballots[i].raise(1)
		w.known[i] = first
	}
	w.chosen = []choice{{first, first.Names()}}
	return w
}

// step has one thing happen.
func (w *model) step(t *rapid.T) {
	i := rapid.IntRange(0, len(w.m)-1).Draw(t, "proposer")
	j := rapid.IntRange(0, len(w.m)-1).Draw(t, "other")
	b, tr := &w.ballots[i], w.trials[i]
	switch rapid.SampledFrom([]string{"begin", "vote", "vote", "vote", "offer", "accept", "accept", "accept", "tell"}).Draw(t, "what") {
	case "begin":
		b.withdraw(w.m[i].Name)
		g := b.next()
		if err := b.promise(g, w.m[i].Name); err != nil {
			t.Fatal(err)
		}
		w.trials[i] = &trial{generation: g, votes: []voted{{w.m[i], w.vote(i)}}, accepted: make(map[string]bool)}
	case "vote":
		if tr == nil || tr.roster.Generation > 0 || i == j || slices.ContainsFunc(tr.votes, func(v voted) bool { return v.member == w.m[j] }) {
			return
		}
		if w.ballots[j].promise(tr.generation, w.m[i].Name) != nil {
			b.raise(w.ballots[j].Promised)
			return
		}
		w.giveUp(j)
		v := voted{w.m[j], w.vote(j)}
		w.learn(i, v.vote.Committed)
		if rapid.Bool().Draw(t, "arrives") {
			tr.votes = append(tr.votes, v)
		}
	case "offer":
		if tr == nil || tr.roster.Generation > 0 {
			return
		}
		out := map[string]bool{}
		for _, m := range w.m {
			out[m.Name] = m != w.m[i] && rapid.IntRange(0, 5).Draw(t, "left out") == 0
		}
		c, reason := compose(poll{votes: tr.votes, known: w.known[i], out: out}, policy{Shards: 16, Join: true})
		if reason != "" {
			w.giveUp(i)
			return
		}
		tr.roster = newRoster(tr.generation, c.members, 16, 0)
		tr.acceptors = names2(c.members, c.witnesses)
		w.accept(i, i)
	case "accept":
		if tr != nil && tr.roster.Generation > 0 && slices.Contains(tr.acceptors, w.m[j].Name) {
			w.accept(i, j)
		}
	case "tell":
		w.learn(j, w.known[i])
	}
}

func names2(a, b []Member) []string {
	return each(slices.Concat(a, b), func(m Member) string { return m.Name })
}

func (w *model) vote(i int) vote {
	return vote{Granted: true, Promised: w.ballots[i].Promised, Committed: w.known[i], Accepted: w.ballots[i].Accepted}
}

func (w *model) giveUp(i int) {
	if w.trials[i] != nil {
		w.trials[i] = nil
		w.ballots[i].withdraw(w.m[i].Name)
	}
}

// accept has j accept the proposal of i, which commits if j was the last.
func (w *model) accept(i, j int) {
	tr := w.trials[i]
	if w.ballots[j].accept(tr.roster, w.m[i].Name, w.m[j]) != nil {
		return
	}
	if i != j {
		w.giveUp(j)
	}
	tr.accepted[w.m[j].Name] = true
	if len(tr.accepted) == len(tr.acceptors) && w.ballots[i].Promised == tr.generation && w.ballots[i].To == w.m[i].Name {
		w.trials[i] = nil
		w.chosen = append(w.chosen, choice{tr.roster, tr.acceptors})
		w.learn(i, tr.roster)
	}
}

// learn tells i of a committed roster.
func (w *model) learn(i int, r Roster) {
	if r.Generation <= w.known[i].Generation {
		return
	}
	if _, in := r.Rank(w.m[i].Name); in && w.ballots[i].commit(r) != nil {
		panic("a roster was committed that a member has not accepted")
	}
	w.known[i] = r
	w.ballots[i].settle(r.Generation)
	w.giveUp(i)
}

func (w *model) check(t *rapid.T) {
	slices.SortFunc(w.chosen, func(a, b choice) int { return int(a.roster.Generation) - int(b.roster.Generation) })
	nobody := func(string) bool { return false }
	for k := 1; k < len(w.chosen); k++ {
		before, c := w.chosen[k-1], w.chosen[k]
		if before.roster.Generation == c.roster.Generation {
			t.Fatalf("generation %d is committed twice: %v and %v", c.roster.Generation, before.roster.Names(), c.roster.Names())
		}
		in := func(name string) bool { return slices.Contains(c.acceptors, name) }
		if ok, reason := quorum(before.roster, in, nobody, 0); !ok {
			t.Fatalf("ring %d of %v follows ring %d of %v: %s", c.roster.Generation, c.roster.Names(), before.roster.Generation, before.roster.Names(), reason)
		}
	}
}
