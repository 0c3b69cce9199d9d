package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// clinics is a table of four sites: one has all rows of a class, one has few
// rows, and one is a number.
func clinics() string {
	var b strings.Builder
	b.WriteString("site,x,w,class\n")
	for i := range 90 {
		class := "ab"[i/3%2]
		if i%3 == 2 && i%2 == 0 {
			class = 'c'
		}
		fmt.Fprintf(&b, "%s,%d,1,%c\n", []string{"oslo", "10", "rome"}[i%3], i*i%71, class)
	}
	for i := range 19 {
		fmt.Fprintf(&b, "bern,%d,1,%c\n", i, "ab"[i%2])
	}
	return b.String()
}

func TestDomains(t *testing.T) {
	path := "csv:" + write(t, "f.csv", []byte(clinics()))
	got, err := Domains(t.Context(), Spec{Data: path}, "site")
	want := []Domain{{"10", 30, ""}, {"bern", 19, "fewer than 20 rows"}, {"oslo", 30, ""}, {"rome", 30, "no other row is of class c"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v (%v)", got, want, err)
	}
	for _, d := range got {
		data, err := Open(t.Context(), Spec{Data: path, Split: d.Leave("site")})
		if d.Why == "" && (err != nil || data.Test.Len() != d.Rows) {
			t.Errorf("%+v cannot be left out: %v", d, err)
		}
		if d.Value == "rome" {
			wantError(t, err, "has no training sample")
		}
	}
}

// Rows that weigh nothing are tested, but do not count among those of training.
func TestDomainsWeighted(t *testing.T) {
	text := clinics()
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "oslo") && strings.HasSuffix(line, "b") {
			text = strings.Replace(text, line, strings.Replace(line, ",1,", ",0,", 1), 1)
		}
		if strings.HasSuffix(line, "b") && !strings.HasPrefix(line, "oslo") && !strings.HasPrefix(line, "10") {
			text = strings.Replace(text, line, strings.TrimSuffix(line, "b")+"a", 1)
		}
	}
	got, err := Domains(t.Context(), Spec{Data: "csv:" + write(t, "f.csv", []byte(text)), Weight: "w"}, "site")
	if err != nil || got[0] != (Domain{"10", 30, "no other row is of class b"}) || got[2] != (Domain{"oslo", 30, ""}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDomainsErrors(t *testing.T) {
	path := "csv:" + write(t, "f.csv", []byte(clinics()))
	for _, c := range []struct {
		s      Spec
		column string
		want   []string
	}{
		{Spec{Data: path}, "sites", []string{"f.csv", "--split", `"sites"`, "site, x, w, class"}},
		{Spec{Data: path, TestData: path}, "site", []string{"--split leave:site", "without test data"}},
		{Spec{Data: "glyphs"}, "site", []string{"--split leave:site", "one table"}},
		{Spec{Data: "csv:" + write(t, "g.csv", []byte("g,x,class\n,1,a\nu,2,b\n"))}, "g", []string{"g.csv:2", "split by"}},
		{Spec{Data: "csv:" + write(t, "h.csv", []byte(many(1001)))}, "id", []string{"h.csv", "--split: ", "more than 1000 different values"}},
	} {
		_, err := Domains(t.Context(), c.s, c.column)
		wantError(t, err, c.want...)
	}
}

// many is a table with a value of its own in each row of the column id.
func many(rows int) string {
	var b strings.Builder
	b.WriteString("id,x,class\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,%d,%d\n", i, i%7, i%2)
	}
	return b.String()
}

func TestLeaveAll(t *testing.T) {
	for split, want := range map[string]string{"leave:site": "site", "leave:site=oslo": "", "leave:": "", "group:site": "", "leave": ""} {
		if column, ok := LeaveAll(split); ok != (want != "") || ok && column != want {
			t.Errorf("%s: %q, %v", split, column, ok)
		}
	}
	_, err := Open(t.Context(), Spec{Data: "csv:" + write(t, "f.csv", []byte(clinics())), Split: "leave:site"})
	wantError(t, err, `split "leave:site"`, "leave:site=VALUE", "compare")
}
