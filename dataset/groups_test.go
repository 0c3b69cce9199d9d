package dataset

import (
	"slices"
	"strings"
	"testing"
)

// sites is a table with a column of places, which some rows do not tell, and one
// of numbers.
func sites() string {
	var b strings.Builder
	b.WriteString("site,year,x,class\n")
	for i := range 90 {
		site := []string{"rome", "oslo", "bern", ""}[i%7%4]
		b.WriteString(site + "," + []string{"10", "9"}[i%2] + "," + []string{"1.5", "2", "7"}[i%3] + "," + []string{"a", "b"}[i%5%2] + "\n")
	}
	return b.String()
}

// TestGroupBy: every row is in one group of its own part, by its cell, and the
// column is no feature unless it is to be.
func TestGroupBy(t *testing.T) {
	text := sites()
	s := Spec{Data: "csv:" + write(t, "f.csv", []byte(text)), GroupBy: "site", ValFraction: 0.2}
	d := open(t, s)
	if want := []string{"(missing)", "bern", "oslo", "rome"}; !slices.Equal(d.GroupNames(), want) {
		t.Fatalf("groups %q, want %q", d.GroupNames(), want)
	}
	if values := d.Prep.Values(); slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, "site") }) {
		t.Errorf("the group is a feature: %q", values)
	}
	lines := strings.Split(text, "\n")[1:]
	for _, set := range []*Set{d.Train, d.Val, d.Test} {
		rows := 0
		for _, g := range set.Groups() {
			for _, i := range g.Rows {
				cell, _, _ := strings.Cut(lines[set.ID(int(i))], ",")
				if cell == "" {
					cell = "(missing)"
				}
				if cell != g.Name || d.GroupNames()[d.GroupOf(set.ID(int(i)))] != cell {
					t.Fatalf("row %d of %q is in group %q", set.ID(int(i)), cell, g.Name)
				}
				rows++
			}
		}
		if rows != set.Len() {
			t.Errorf("%d of %d rows are in groups", rows, set.Len())
		}
	}
	s.GroupFeature = true
	with := open(t, s)
	if !slices.Contains(with.Prep.Values(), "site=oslo") || !slices.Equal(with.GroupNames(), d.GroupNames()) {
		t.Errorf("features %q, groups %q", with.Prep.Values(), with.GroupNames())
	}
	// A stored model says what the features are; groups are those of the column.
	stored := open(t, Spec{Data: s.Data, Prep: &with.Prep, GroupBy: "site"})
	if stored.Features() != with.Features() || !slices.Equal(stored.GroupNames(), d.GroupNames()) {
		t.Errorf("by a stored model: %d features, groups %q", stored.Features(), stored.GroupNames())
	}
	s.GroupBy, s.GroupFeature = "year", false
	if names := open(t, s).GroupNames(); !slices.Equal(names, []string{"9", "10"}) {
		t.Errorf("groups by number: %q", names)
	}
}

// TestGroupsInFingerprint: nodes that read other groups read other data.
func TestGroupsInFingerprint(t *testing.T) {
	text := sites()
	a := open(t, Spec{Data: "csv:" + write(t, "a.csv", []byte(text)), GroupBy: "site"})
	b := open(t, Spec{Data: "csv:" + write(t, "b.csv", []byte(strings.Replace(text, "oslo", "bern", 1))), GroupBy: "site"})
	if a.Fingerprint == b.Fingerprint {
		t.Error("a row of another group leaves the fingerprint")
	}
}

func TestGroupByRefuses(t *testing.T) {
	file := "csv:" + write(t, "f.csv", []byte(strings.ReplaceAll(sites(), "\n,", "\nbern,")))
	for want, s := range map[string]Spec{
		`did you mean "site"`:         {Data: file, GroupBy: "sit"},
		"--group-by is missing":       {Data: file, GroupFeature: true},
		"this source has no columns":  {Data: "glyphs", GroupBy: "site"},
		"more than 1000 different":    {Data: "csv:" + write(t, "many.csv", []byte(visits(1100, 1))), GroupBy: "person"},
		`no row has this value (did`:  {Data: file, Split: "leave:site=roma"},
		"the column has: 9, 10":       {Data: file, Split: "leave:year=11"},
		"leave:COLUMN=VALUE or kfold": {Data: file, Split: "leave:site="},
		"leave:site=VALUE; compare":   {Data: file, Split: "leave:site"},
		"expected one table without":  {Data: file, TestData: file, Split: "leave:site=rome"},
	} {
		_, err := Open(t.Context(), s)
		wantError(t, err, want)
	}
}

// TestSplitLeave: the rows of a domain are tested, none of them trains, and the
// column is no feature. Validation rows are of the other domains.
func TestSplitLeave(t *testing.T) {
	text := strings.ReplaceAll(sites(), "\n,", "\nbern,")
	s := Spec{Data: "csv:" + write(t, "f.csv", []byte(text)), Split: "leave:site=rome", ValFraction: 0.2}
	d := open(t, s)
	if got := distinct(t, text, 0, d.Test); len(got) != 1 || !got["rome"] {
		t.Errorf("tested: %v", got)
	}
	for _, set := range []*Set{d.Train, d.Val} {
		if got := distinct(t, text, 0, set); got["rome"] || len(got) != 2 {
			t.Errorf("trained or validated: %v", got)
		}
	}
	if d.Train.Len()+d.Val.Len()+d.Test.Len() != 90 || slices.ContainsFunc(d.Prep.Values(), func(v string) bool { return strings.HasPrefix(v, "site") }) {
		t.Errorf("%d rows, %d of them tested, features %q", d.Train.Len()+d.Val.Len()+d.Test.Len(), d.Test.Len(), d.Prep.Values())
	}
	s.Split = "leave:year=9.0"
	if got := distinct(t, text, 1, open(t, s).Test); len(got) != 1 || !got["9"] {
		t.Errorf("tested: %v", got)
	}
}
