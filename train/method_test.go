package train

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMethod(t *testing.T) {
	for _, c := range []struct {
		text string
		want Method
		name string
	}{
		{"erm", Method{Weighter: "erm", Loss: "ce"}, "erm"},
		{"la", Method{Weighter: "erm", Loss: "la"}, "la"},
		{"erm+la", Method{Weighter: "erm", Loss: "la"}, "la"},
		{"cb", Method{Weighter: "cb", Loss: "ce"}, "cb"},
		{"cb+la", Method{Weighter: "cb", Loss: "la"}, "cb+la"},
		{"absgd", Method{Weighter: "absgd", Loss: "ce"}, "absgd"},
		{"la+absgd", Method{Weighter: "absgd", Loss: "la"}, "absgd+la"},
		{"absgd+cb", Method{Weighter: "absgd", Loss: "ce", CB: true}, "absgd+cb"},
		{"absgd[lambda=inf@0,2@0.8,gamma=0.5]+la[tau=2]",
			Method{Weighter: "absgd", Loss: "la", Options: [][2]string{{"lambda", "inf@0,2@0.8"}, {"gamma", "0.5"}, {"tau", "2"}}},
			"absgd+la"},
		{"drs+ldam", Method{Weighter: "erm", Loss: "ldam", Sampling: "drs"}, "ldam+drs"},
		{"drs", Method{Weighter: "erm", Loss: "ce", Sampling: "drs"}, "drs"},
		{"cb+drs[from=0.5]", Method{Weighter: "cb", Loss: "ce", Sampling: "drs", Own: [][3]string{{"drs", "from", "0.5"}}}, "cb+drs[from=0.5]"},
		{"cb[from=0.5]", Method{Weighter: "cb", Loss: "ce", Options: [][2]string{{"cb-from", "0.5"}}}, "cb"},
	} {
		got, err := ParseMethod(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		} else if got.String() != c.name {
			t.Errorf("%s: String %q, expected %q", c.text, got, c.name)
		}
	}
}

func TestParseMethodRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "unknown method",
		"sgd":                   "unknown method \"sgd\"",
		"absgd+":                "unknown method",
		"absgd+absgd":           "twice",
		"erm+absgd":             "two weighters",
		"cb+erm+la+ce":          "unknown method \"ce\"",
		"absgd[lambda=2":        "brackets",
		"absgd]":                "brackets",
		"absgd[[lambda=2]]":     "brackets",
		"absgd[lambda=2]x":      "behind its brackets",
		"la[lambda=2]":          "no option \"lambda\": it takes tau",
		"erm[tau=1]":            "it takes none",
		"absgd[2]":              "no option",
		"absgd[lambda=2,tau=1]": "no option \"tau\"",
	} {
		if _, err := ParseMethod(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, expected one with %q", text, err, want)
		}
	}
}

// FuzzParseMethod: what is accepted has one canonical spelling, which means
// the same again.
func FuzzParseMethod(f *testing.F) {
	for _, text := range []string{"erm", "absgd[lambda=inf@0,2@0.8]+la+cb", "cb[from=.5,beta=0]", "[", "a+b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMethod(text)
		if err != nil {
			return
		}
		again, err := ParseMethod(m.String())
		if err != nil {
			t.Fatalf("%q became %q, which is refused: %v", text, m, err)
		}
		again.Options = m.Options
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatalf("%q became %q: %s", text, m, diff)
		}
	})
}
