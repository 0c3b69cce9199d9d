package cluster

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDecideTheFirstRing(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := crew(12)
	second := func(n float64) time.Time { return now.Add(time.Duration(n * float64(time.Second))) }
	for _, c := range []struct {
		name       string
		self, have int
		newest     time.Time
		p          policy
		ask        string
		again      time.Time
		reason     string
		err        string
	}{
		{"alone, nobody wanted", 0, 1, now, policy{Shards: 8}, "0", time.Time{}, "", ""},
		{"alone, one wanted", 0, 1, now, policy{Nodes: 1, Shards: 8}, "0", time.Time{}, "", ""},
		{"alone, one wanted, a seed", 0, 1, now, policy{Nodes: 1, Shards: 8, Join: true}, "0", time.Time{}, "", ""},
		{"alone, told to join", 0, 1, second(-60), policy{Shards: 8, Join: true}, "", time.Time{}, "waiting for a second node", ""},
		{"alone, at least three", 0, 1, second(-60), policy{Shards: 8, Min: 3}, "", time.Time{}, "1 of 3 nodes here", ""},
		{"some of four", 0, 3, second(-60), policy{Nodes: 4, Shards: 8}, "", time.Time{}, "3 of 4 nodes here (m00#aaaaaaaa, m01#", ""},
		{"four of four, at once", 0, 4, now, policy{Nodes: 4, Shards: 8, Settle: time.Second}, "0123", time.Time{}, "", ""},
		{"five of four", 0, 5, now, policy{Nodes: 4, Shards: 8}, "01234", time.Time{}, "", ""},
		{"five of four at most", 0, 5, now, policy{Nodes: 4, Max: 4, Shards: 8}, "0123", time.Time{}, "", ""},
		{"not the leader", 1, 4, now, policy{Nodes: 4, Shards: 8}, "", time.Time{}, "waiting for m00#aaaaaaaa to form a ring", ""},
		{"two, one just came", 0, 2, second(-0.4), policy{Shards: 8, Join: true, Settle: time.Second}, "", second(0.6), "2 nodes here, waiting 1s for more", ""},
		{"two, quiet", 0, 2, second(-1), policy{Shards: 8, Join: true, Settle: time.Second}, "01", time.Time{}, "", ""},
		{"as many as shards, quiet", 0, 8, second(-1), policy{Shards: 8, Join: true, Settle: time.Second}, "01234567", time.Time{}, "", ""},
		{"more than shards", 0, 9, now, policy{Shards: 8, Join: true, Settle: time.Second}, "", time.Time{}, "", "9 nodes for 8 shards"},
	} {
		s := situation{now: now, self: m[c.self].Name, present: m[:c.have], need: "there has been no ring yet", newest: c.newest, oldest: c.newest}
		d := decide(s, c.p)
		if indices(d.Ask) != c.ask || !d.Again.Equal(c.again) || !strings.HasPrefix(d.Reason, c.reason) || (c.reason == "") != (d.Reason == "") {
			t.Errorf("%s: %+v", c.name, d)
		}
		if (c.err == "") != (d.Err == nil) || d.Err != nil && !strings.Contains(d.Err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.name, d.Err, c.err)
		}
	}
}

func TestDecideTheNextRing(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := crew(10)
	pick := func(indices string) []Member {
		var out []Member
		for _, c := range indices {
			out = append(out, m[c-'0'])
		}
		return out
	}
	ago := func(ms int) time.Time { return now.Add(-time.Duration(ms) * time.Millisecond) }
	known := newRoster(3, pick("2345"), 16, 0)
	for _, c := range []struct {
		name           string
		self           int
		present        string
		barred         string
		dead           string
		need           string
		oldest, newest time.Time
		p              policy
		ask            string
		again          bool
		reason         string
		why            string
	}{
		{"a good ring", 2, "2345", "", "", "", now, now, policy{}, "", false, "", ""},
		{"a good ring, not the leader", 3, "2345", "", "", "", now, now, policy{}, "", false, "waiting for m02#", ""},
		{"a loss", 2, "245", "", "", "3 is lost", now, now, policy{}, "245", false, "", "3 is lost"},
		{"a loss, and a newcomer below the leader", 2, "0245", "", "", "3 is lost", now, now, policy{}, "0245", false, "", "3 is lost"},
		{"the newcomer does not lead", 0, "0245", "", "", "no ring", now, now, policy{}, "", false, "waiting for m02#", ""},
		{"the leader is lost", 3, "0345", "", "2", "2 is lost", now, now, policy{}, "0345", false, "", "2 is lost"},
		{"nobody of the last ring is left", 0, "06", "", "2345", "no ring", now, now, policy{}, "06", false, "", "no ring"},
		{"nobody of the last ring is here", 0, "06", "", "2", "no ring", now, now, policy{}, "", false, "0 of the 3 members of ring 3", ""},
		{"a newcomer just came", 2, "23459", "", "", "", ago(10), ago(10), policy{}, "", true, "", ""},
		{"a newcomer and quiet", 2, "23459", "", "", "", ago(50), ago(50), policy{}, "23459", false, "", "m09#aaaaaaaa joins"},
		{"newcomers all the time", 2, "234589", "", "", "", ago(500), now, policy{}, "234589", false, "", "m08#aaaaaaaa, m09#aaaaaaaa joins"},
		{"a newcomer, but no place", 2, "23459", "", "", "", ago(500), ago(500), policy{Max: 4}, "", false, "", ""},
		{"a minority", 4, "45", "", "3", "lost", now, now, policy{}, "45", false, "", "lost"},
		{"half without the first", 4, "45", "", "", "lost", now, now, policy{}, "", false, "2 of the 4", ""},
		{"below the minimum", 2, "23", "", "4", "lost", now, now, policy{Min: 3}, "", false, "2 of 3 nodes here", ""},
		{"one hangs, and is asked all the same", 3, "345", "2", "", "2 hangs", now, now, policy{}, "3452", false, "", "2 hangs"},
	} {
		s := situation{
			now: now, self: m[c.self].Name, present: pick(c.present), barred: pick(c.barred), known: known, need: c.need,
			gone: set(m, c.dead), oldest: c.oldest, newest: c.newest,
		}
		c.p.Shards = 16
		d := decide(s, c.p)
		if indices(d.Ask) != c.ask || d.Again.IsZero() == c.again || !strings.HasPrefix(d.Reason, c.reason) || (c.reason == "") != (d.Reason == "") || d.Why != c.why {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

// However the views differ, only the leader of a view proposes, nobody is asked
// who is not there, and whoever does not propose can say why, or when it will
// look again.
func TestDecideLaws(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		m := crew(10)
		p := policy{Shards: rapid.IntRange(1, 10).Draw(t, "shards"), Join: rapid.Bool().Draw(t, "join"), Settle: time.Second}
		p.Nodes = rapid.IntRange(0, p.Shards).Draw(t, "nodes")
		p.Min = rapid.IntRange(0, 5).Draw(t, "min")
		some := func(what string) []Member {
			var out []Member
			for _, x := range m {
				if rapid.Bool().Draw(t, what) {
					out = append(out, x)
				}
			}
			return out
		}
		s := situation{now: now, present: some("present"), gone: func(string) bool { return false }}
		if len(s.present) == 0 {
			return
		}
		s.self = rapid.SampledFrom(s.present).Draw(t, "self").Name
		if ring := some("ring"); len(ring) > 0 && rapid.Bool().Draw(t, "later") {
			s.known = newRoster(2, ring, p.Shards, 0)
		}
		s.need = rapid.SampledFrom([]string{"", "need"}).Draw(t, "need")
		if s.known.Generation == 0 {
			s.need = "no ring yet"
		}
		s.newest = now.Add(-time.Duration(rapid.IntRange(0, 2000).Draw(t, "age")) * time.Millisecond)
		s.oldest = s.newest
		d := decide(s, p)
		switch {
		case d.Ask != nil && s.self != leader(s.present, s.known):
			t.Fatalf("%s proposes although %s leads", s.self, leader(s.present, s.known))
		case d.Ask != nil:
			for _, a := range d.Ask {
				if !within([]Roster{newRoster(1, s.present, 16, 0)}, a.Name) {
					t.Fatalf("%s is asked and not there", a.Name)
				}
			}
		case d.Err == nil && d.Reason == "" && d.Again.IsZero() && s.need != "":
			t.Fatal("neither a proposal nor a reason")
		case !d.Again.IsZero() && !d.Again.After(now):
			t.Fatal("wants to be asked again in the past")
		}
	})
}
