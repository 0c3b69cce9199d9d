package cluster

import (
	"strings"
	"testing"
	"time"
)

func TestBlame(t *testing.T) {
	m := crew(5)
	for _, c := range []struct {
		accusations string // pairs of accuser and accused, in order
		spared      int
		want        int
	}{
		{"03", 0, 3},
		{"03 23 14", 0, 3}, // the first counts
		{"21", 0, 1},
		{"21 12", 0, 2}, // of two who accuse each other the lower stays
		{"12 21", 0, 2},
		{"12 30 21", 0, 2},
		{"30", 0, 3}, // whoever decides stays
		{"03 30", 3, 0},
	} {
		var all []accusation
		for pair := range strings.FieldsSeq(c.accusations) {
			all = append(all, accusation{m[pair[0]-'0'].Name, Loss{Peer: m[pair[1]-'0'].Name}})
		}
		if got := blame(all, m[c.spared].Name); got != m[c.want].Name {
			t.Errorf("%s, %d decides: %s", c.accusations, c.spared, got)
		}
	}
}

func TestHungNamesTheCulprit(t *testing.T) {
	m := crew(4)
	at := func(i int, seconds float64, waitsFor int) MemberStatus {
		s := MemberStatus{Member: m[i], Rank: i, Since: time.Duration(seconds * float64(time.Second))}
		s.Progress = Progress{Step: 7, Phase: "reduce", Counter: 9}
		if waitsFor >= 0 {
			s.Progress.WaitingFor = m[waitsFor].Name
		} else {
			s.Progress.Phase = "forward"
		}
		return s
	}
	slow := func(s MemberStatus, median time.Duration) MemberStatus { s.Progress.Median = median; return s }
	mute := func(s MemberStatus) MemberStatus { s.Error = "no answer"; return s }
	for _, c := range []struct {
		name    string
		records []MemberStatus
		want    int // -1: nobody
		reason  string
	}{
		{"one hangs", []MemberStatus{at(0, 6, 3), at(1, 6, 0), at(2, 9, -1), at(3, 6, 2)}, 2, "it hangs: in step 7, phase forward, for 9s, while 3 others wait for it"},
		{"one hangs, nobody waits for it", []MemberStatus{at(0, 6, -1), at(1, 6, -1)}, -1, ""},
		{"not long enough", []MemberStatus{at(0, 6, 1), at(1, 4.9, -1)}, -1, ""},
		{"not long enough for long steps", []MemberStatus{at(0, 20, 1), slow(at(1, 20, -1), 3*time.Second)}, -1, ""},
		{"long enough for long steps", []MemberStatus{at(0, 31, 1), slow(at(1, 31, -1), 3*time.Second)}, 1, "it hangs"},
		{"one that does not answer", []MemberStatus{at(0, 6, 1), mute(at(1, 6, -1))}, -1, ""},
		{"one that is no member", []MemberStatus{at(0, 6, 1), {Member: m[1], Rank: -1, Since: time.Hour}}, -1, ""},
		{"waiting for a stranger", []MemberStatus{at(0, 6, 3), at(1, 6, 0)}, -1, ""},
		{"all wait in a circle", []MemberStatus{at(0, 6, 2), at(1, 6, 0), at(2, 6, 1)}, -1, "all 3 members have waited for each other for 5s"},
		{"two hang", []MemberStatus{at(0, 6, -1), at(1, 6, 0), at(2, 6, -1), at(3, 6, 2)}, 0, "1 others"},
		{"two hang, one holds up more", []MemberStatus{at(0, 6, 3), at(1, 6, -1), at(2, 6, 1), at(3, 6, 2)}, 1, "3 others"},
		{"never began", []MemberStatus{at(0, 6, 1), {Member: m[1], Rank: 1, Since: time.Hour}}, -1, ""},
	} {
		name, reason := hung(c.records)
		if want := ""; c.want >= 0 {
			want = m[c.want].Name
			if name != want {
				t.Errorf("%s: %q (%s), want %s", c.name, name, reason, want)
			}
		} else if name != "" {
			t.Errorf("%s: %q (%s), want nobody", c.name, name, reason)
		}
		if !strings.Contains(reason, c.reason) || (reason == "") != (c.reason == "") {
			t.Errorf("%s: %q, want %q", c.name, reason, c.reason)
		}
	}
}
