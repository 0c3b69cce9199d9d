package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// visits is a table of people who come several times, on days out of order.
func visits(people, times int) string {
	var b strings.Builder
	b.WriteString("person,day,x,class\n")
	for i := range people * times {
		fmt.Fprintf(&b, "p%d,2024-%02d-%02d,%d,%c\n", i%people, 1+i*7%12, 1+i*5%28, i*i%101, 'a'+i%3%2)
	}
	return b.String()
}

// cells returns the distinct texts of a column of the file, at the given rows.
func distinct(t *testing.T, text string, column int, s *Set) map[string]bool {
	t.Helper()
	lines := strings.Split(text, "\n")[1:]
	all := map[string]bool{}
	for i := range s.Len() {
		all[strings.Split(lines[s.ID(i)], ",")[column]] = true
	}
	return all
}

func TestSplitByGroup(t *testing.T) {
	text := visits(40, 9)
	s := Spec{Data: "csv:" + write(t, "f.csv", []byte(text)), Split: "group:person", ValFraction: 0.25, Drop: "day"}
	d := open(t, s)
	if d.Features() != 1 { // x; neither the person nor the day
		t.Errorf("values %q", d.Prep.Values())
	}
	sets := []*Set{d.Train, d.Val, d.Test}
	seen := map[string]bool{}
	total := 0
	for _, set := range sets {
		for person := range distinct(t, text, 0, set) {
			if seen[person] {
				t.Errorf("%s is in two parts", person)
			}
			seen[person] = true
		}
		total += set.Len()
	}
	if total != 360 || d.Test.Len() != 72 || d.Val.Len() != 72 {
		t.Errorf("%d, %d and %d rows", d.Train.Len(), d.Val.Len(), d.Test.Len())
	}
	s.Seed = 1
	if other := open(t, s); slices.Equal(other.Test.ids, d.Test.ids) {
		t.Error("another seed has the same test rows")
	}
}

func TestSplitByTime(t *testing.T) {
	text := visits(40, 9)
	d := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(text)), Split: "time:day", ValFraction: 0.25, Drop: "person"})
	last := ""
	for _, set := range []*Set{d.Train, d.Val, d.Test} {
		days := distinct(t, text, 1, set)
		first, end := "9", ""
		for day := range days {
			first, end = min(first, day), max(end, day)
		}
		if first <= last {
			t.Errorf("a part begins on %s, the one before ends on %s", first, last)
		}
		last = end
	}
	if d.Test.Len() < 72 || d.Test.Len() > 80 {
		t.Errorf("%d test rows, want a fifth of 360 and few more", d.Test.Len())
	}
}

// Every row is tested in one fold, and each fold has its part of each class.
func TestFolds(t *testing.T) {
	path := "csv:" + write(t, "f.csv", []byte(visits(40, 9)))
	var all []int32
	for i := range 5 {
		d := open(t, Spec{Data: path, Split: fmt.Sprintf("kfold:5:%d", i)})
		if n := d.Test.Counts(); n[0] != 48 || n[1] != 24 {
			t.Errorf("fold %d: %v test rows", i, n)
		}
		all = append(all, d.Test.ids...)
	}
	slices.Sort(all)
	if !slices.Equal(all, ascending(0, 360)) {
		t.Errorf("%d rows in all folds", len(all))
	}
}

func TestSplitErrors(t *testing.T) {
	path := "csv:" + write(t, "f.csv", []byte("day,g,x,class\n1,a,2,u\n,a,3,v\n3,a,4,u\n4,a,5,v\n5,a,6,u\n"))
	for word, want := range map[string][]string{
		"random":     {`"random"`, "kfold:5:0"},
		"kfold:1:0":  {`"kfold:1:0"`},
		"kfold:3:3":  {`"kfold:3:3"`, "0..K-1"},
		"time":       {`"time"`, "time:COLUMN"},
		"time:when":  {"f.csv", "--split", `"when"`, "day, g, x, class"},
		"time:day":   {"f.csv:3", `"day"`, "split by"},
		"group:g":    {"f.csv", "all rows are of one group"},
		"stratified": nil,
	} {
		_, err := Open(t.Context(), Spec{Data: path, Split: word})
		if want == nil && err == nil {
			continue
		}
		wantError(t, err, want...)
	}
	_, err := Open(t.Context(), Spec{Data: "glyphs", Split: "kfold:5:0"})
	wantError(t, err, "glyphs", "--split kfold:5:0", "test rows of its own")
}
