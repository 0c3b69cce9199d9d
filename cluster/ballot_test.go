package cluster

import (
	"strings"
	"testing"
)

func TestPromise(t *testing.T) {
	m := crew(3)
	b := ballot{Promised: 4}
	for _, c := range []struct {
		generation uint64
		to         int
		want       string
	}{
		{4, 0, "generation 4 is stale: 4 is promised already"},
		{6, 0, ""},
		{5, 1, "stale"},
		{6, 0, "stale"},
		{6, 1, "stale"},
		{7, 1, ""},
		{maxGeneration, 1, "stale"},
	} {
		err := b.promise(c.generation, m[c.to].Name)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	b.raise(9)
	if b.Promised != 9 || b.To != "" {
		t.Errorf("%+v", b)
	}
	b.raise(8)
	b.raise(maxGeneration)
	if b.Promised != 9 {
		t.Errorf("promised %d", b.Promised)
	}
}

func TestAccept(t *testing.T) {
	m := crew(9)
	r := newRoster(5, m[:3], 8, 0)
	for _, c := range []struct {
		name   string
		change func(r *Roster, b *ballot)
		from   int
		want   string
	}{
		{"good", nil, 0, ""},
		{"of another proposer", nil, 1, "not promised to m01#aaaaaaaa: 5 is, to m00#"},
		{"overtaken", func(_ *Roster, b *ballot) { b.raise(6) }, 0, "6 is, to nobody here"},
		{"never promised", func(r *Roster, _ *ballot) { r.Generation = 6 }, 0, "not promised"},
		{"committed before", func(_ *Roster, b *ballot) { b.settle(5) }, 0, "not promised"},
		{"malformed", func(r *Roster, _ *ballot) { r.Shards[1]++ }, 0, "not an even split"},
		{"us, elsewhere", func(r *Roster, _ *ballot) { r.Members[1].Addr = "10.9.9.9:1" }, 0, "does not list m01#"},
		{"as a witness", func(r *Roster, _ *ballot) { *r = newRoster(5, []Member{m[0], m[2]}, 8, 0) }, 0, ""},
		{"too many undecided", func(_ *Roster, b *ballot) {
			for i := range maxOpen {
				b.Accepted = append(b.Accepted, acceptance{m[i+1].Name, newRoster(uint64(i+1), m, 16, 0)})
			}
		}, 0, "8 rosters are accepted and not decided"},
	} {
		b, r := ballot{Promised: 5, To: m[0].Name}, r.clone()
		if c.change != nil {
			c.change(&r, &b)
		}
		err := b.accept(r, m[c.from].Name, m[1])
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if b.accepted(r.Hash()) != (c.want == "") {
			t.Errorf("%s: accepted %v", c.name, b.Accepted)
		}
	}
}

// A proposer gives up what it proposed before; another's proposal stays
// undecided until a later one is committed.
func TestUndecidedRosters(t *testing.T) {
	m := crew(4)
	var b ballot
	rosters := map[uint64]Roster{}
	for _, c := range []struct {
		generation uint64
		from       int
	}{{1, 0}, {2, 1}, {4, 0}} {
		r := newRoster(c.generation, m, 8, 0)
		rosters[c.generation] = r
		if err := b.promise(c.generation, m[c.from].Name); err != nil {
			t.Fatal(err)
		}
		if err := b.accept(r, m[c.from].Name, m[3]); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.open()) != 2 || b.accepted(rosters[1].Hash()) || b.latest().Generation != 4 {
		t.Errorf("open %v", b.open())
	}
	if err := b.commit(rosters[1]); err == nil {
		t.Error("committed what was given up")
	}
	if err := b.commit(rosters[2]); err != nil {
		t.Error(err)
	}
	if len(b.open()) != 1 || b.Committed.Generation != 2 || b.latest().Generation != 4 {
		t.Errorf("%+v", b)
	}
	b.settle(4)
	if len(b.open()) != 0 || b.To != "" {
		t.Errorf("%+v", b)
	}
}
