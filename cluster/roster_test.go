package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// crew returns n members m00#..., m01#... in order.
func crew(n int) []Member {
	out := make([]Member, n)
	for i := range out {
		out[i] = Member{Name: fmt.Sprintf("m%02d#aaaaaaaa", i), Addr: fmt.Sprintf("10.0.0.%d:7946", i+1)}
	}
	return out
}

func TestSplitIsEvenAndComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.IntRange(1, 500).Draw(t, "shards")
		nodes := rapid.IntRange(1, shards).Draw(t, "nodes")
		b := split(shards, 0, nodes)
		if b[0] != 0 || b[nodes] != shards {
			t.Fatalf("bounds %v do not cover %d shards", b, shards)
		}
		for r := range nodes {
			if n := b[r+1] - b[r]; n != shards/nodes && n != (shards+nodes-1)/nodes {
				t.Fatalf("rank %d of %d has %d of %d shards", r, nodes, n, shards)
			}
		}
	})
}

// No node has parts of two groups, groups that are shared are shared alike, no
// spare is before the others, and nobody hosts more than in the best such split.
func TestSplitInGroups(t *testing.T) {
	for _, c := range []struct {
		nodes int
		want  []int
	}{
		{1, []int{0, 8}}, {2, []int{0, 4, 8}}, {3, []int{0, 2, 4, 8}}, {4, []int{0, 2, 4, 6, 8}},
		{5, []int{0, 2, 4, 6, 8, 8}}, {7, []int{0, 2, 4, 4, 6, 6, 8, 8}}, {8, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{10, []int{0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8}},
	} {
		if d := cmp.Diff(c.want, split(8, 4, c.nodes)); d != "" {
			t.Errorf("%d nodes: %s", c.nodes, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.IntRange(1, 20).Draw(t, "groups")
		width := rapid.IntRange(1, 20).Draw(t, "width")
		nodes := rapid.IntRange(1, 2*groups*width).Draw(t, "nodes")
		b := split(groups*width, groups, nodes)
		if len(b) != nodes+1 || b[0] != 0 || b[1] == 0 || b[nodes] != groups*width {
			t.Fatalf("bounds %v", b)
		}
		most, alike := 0, make(map[int]bool)
		for r := range nodes {
			if n := b[r+1] - b[r]; n < 0 || n%width != 0 && b[r]/width != (b[r+1]-1)/width {
				t.Fatalf("rank %d hosts [%d, %d) of groups of %d", r, b[r], b[r+1], width)
			}
			most = max(most, b[r+1]-b[r])
			alike[b[r+1]%width] = true
		}
		best := (groups + nodes - 1) / nodes * width
		if nodes > groups {
			each := min(nodes/groups, width)
			best = (width + each - 1) / each
			for g := range groups {
				for at := range alike {
					if !slices.Contains(b, g*width+at) {
						t.Fatalf("bounds %v: group %d is not cut at %d like another", b, g, at)
					}
				}
			}
		}
		if most != best {
			t.Fatalf("bounds %v: a node hosts %d shards, want at most %d", b, most, best)
		}
	})
}

func TestRosterIsOrderedWhateverTheOrder(t *testing.T) {
	want := newRoster(3, crew(7), 8, 0)
	rapid.Check(t, func(t *rapid.T) {
		got := newRoster(3, rapid.Permutation(crew(7)).Draw(t, "members"), 8, 0)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if got.Hash() != want.Hash() {
			t.Fatal("equal rosters, different hashes")
		}
	})
	for i, m := range crew(7) {
		if r, ok := want.Rank(m.Name); !ok || r != i {
			t.Errorf("rank of %s is %d, %v", m.Name, r, ok)
		}
	}
	if _, ok := want.Rank("nobody#aaaaaaaa"); ok {
		t.Error("a stranger has a rank")
	}
	if lo, hi := want.Range(6); lo != 6 || hi != 8 {
		t.Errorf("the last of 7 hosts shards %d to %d of 8", lo, hi)
	}
}

func TestHashSeesEveryField(t *testing.T) {
	seen := map[uint64]string{}
	for name, change := range map[string]func(*Roster){
		"nothing":    func(*Roster) {},
		"generation": func(r *Roster) { r.Generation++ },
		"name":       func(r *Roster) { r.Members[1].Name = "m01#bbbbbbbb" },
		"addr":       func(r *Roster) { r.Members[1].Addr = "10.0.0.9:7946" },
		"host":       func(r *Roster) { r.Members[1].Host = "h" },
		"token":      func(r *Roster) { r.Members[1].Token = "h" },
		"shards":     func(r *Roster) { r.Shards[1]++ },
		"groups":     func(r *Roster) { r.Groups++ },
		"fewer":      func(r *Roster) { r.Members = r.Members[:2]; r.Shards = r.Shards[:3] },
	} {
		r := newRoster(1, crew(3), 8, 0)
		change(&r)
		if other, ok := seen[r.Hash()]; ok {
			t.Errorf("changing %s and changing %s give one hash", name, other)
		}
		seen[r.Hash()] = name
	}
}

func TestCheckRefusesBadRosters(t *testing.T) {
	for name, spoil := range map[string]func(*Roster){
		"no generation":    func(r *Roster) { r.Generation = 0 },
		"no members":       func(r *Roster) { r.Members = nil },
		"unordered":        func(r *Roster) { r.Members[0], r.Members[1] = r.Members[1], r.Members[0] },
		"twice the same":   func(r *Roster) { r.Members[1] = r.Members[0] },
		"bad member":       func(r *Roster) { r.Members[0].Addr = "nowhere" },
		"no bounds":        func(r *Roster) { r.Shards = nil },
		"uneven":           func(r *Roster) { r.Shards[1]++ },
		"negative":         func(r *Roster) { r.Shards = []int{0, -1, -2, -3} },
		"no shards":        func(r *Roster) { r.Shards = []int{0, 0, 0, 0} },
		"groups":           func(r *Roster) { r.Groups = 4 }, // 3 of 8 shards is a part of two
		"bad groups":       func(r *Roster) { r.Groups = 3 },
		"negative groups":  func(r *Roster) { r.Groups = -1 },
		"too many members": func(r *Roster) { *r = newRoster(1, crew(maxMembers+1), maxMembers+1, 0) },
	} {
		r := newRoster(1, crew(3), 8, 0)
		if err := r.check(); err != nil {
			t.Fatal(err)
		}
		spoil(&r)
		if r.check() == nil {
			t.Errorf("%s: passed", name)
		}
	}
}

func TestMembersBeyondTheShardsAreSparesAtTheEnd(t *testing.T) {
	r := newRoster(1, crew(5), 3, 0)
	if d := cmp.Diff([]int{0, 1, 2, 3, 3, 3}, r.Shards); d != "" {
		t.Error(d)
	}
	if err := r.check(); err != nil {
		t.Error(err)
	}
}

func TestNewRosterPanicsWithoutShards(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	newRoster(1, crew(3), 0, 0)
}

func FuzzRosterCheck(f *testing.F) {
	good, err := json.Marshal(newRoster(1, crew(3), 8, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"generation":1,"groups":2,"members":[{"name":"a#aaaaaaaa","addr":"h:1"}],"shards":[0,8]}`))
	f.Add([]byte(`{"generation":1,"members":[{}],"shards":[0,9223372036854775807]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Roster
		if json.Unmarshal(b, &r) != nil || r.check() != nil {
			return
		}
		n := len(r.Members)
		if again := newRoster(r.Generation, r.Members, r.Shards[n], r.Groups); again.Hash() != r.Hash() {
			t.Errorf("%v passed the check but is not a roster", r)
		}
	})
}
