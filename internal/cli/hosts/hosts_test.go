package hosts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/internal/cli/hosts"
)

type list = []hosts.Host

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want list
	}{
		{"a", list{{"a", 3}}},
		{"a:2,b:1", list{{"a", 2}, {"b", 1}}},
		{" a:2 , b", list{{"a", 2}, {"b", 3}}},
		{"a,b:1,a:2", list{{"a", 5}, {"b", 1}}},
		{"me@host-a.example.org:2", list{{"me@host-a.example.org", 2}}},
		{"10.0.0.7:2", list{{"10.0.0.7", 2}}},
		{"[fd00::7]:2,[fe80::1%eth0],me@[::1]:1", list{{"fd00::7", 2}, {"fe80::1%eth0", 3}, {"me@::1", 1}}},
	} {
		got, err := hosts.Parse(strings.Split(tt.text, ","), 3)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q: %s", tt.text, d)
		}
	}
	for text, want := range map[string]string{
		"":                  `"" is no name`,
		"a,,b":              `"" is no name`,
		":2":                `"" is no name`,
		"a:0":               "want a number from 1",
		"a:x":               "want a number from 1",
		"a:":                "want a number from 1",
		"a:-1":              "want a number from 1",
		"a:1025":            "want a number from 1",
		"a:1000,b:1000":     "2000 slots together",
		"-oProxyCommand=x":  "is no name",
		"me@-x":             "is no name",
		"a b":               "is no name",
		"a;reboot":          "is no name",
		"$(x)":              "is no name",
		"a'b":               "is no name",
		"[::1":              "is no name",
		"fd00::7":           "is no name", // is the 7 an address's or the slots?
		"a@b@c":             "is no name",
		"ssh://host:22":     "is no name",
		"host\nslots":       "is no name",
		"[-oProxyCommand]:": "want a number",
	} {
		if got, err := hosts.Parse(strings.Split(text, ","), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want an error with %q", text, got, err, want)
		}
	}
	if _, err := hosts.Parse(nil, 1); err == nil {
		t.Error("no hosts at all were accepted")
	}
}

func TestReadFile(t *testing.T) {
	text := `# a cluster
host-a slots=2
host-b   slots = 4 max_slots=8   # the big one

me@10.0.0.7
host-a count=1
`
	got, err := hosts.ReadFile(strings.NewReader(text), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := list{{"host-a", 3}, {"host-b", 4}, {"me@10.0.0.7", 1}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if n := hosts.Total(got); n != 8 {
		t.Errorf("%d slots, want 8", n)
	}
	for text, want := range map[string]string{
		"":                             "no host in it",
		"# a\n":                        "no host in it",
		"a\nb slots=x":                 `line 2: host b: "x" slots`,
		"a slots=":                     `line 1: host a: "" slots`,
		"a slots":                      `line 1: host a: "" slots`,
		"a slots=4 max_slots=2":        "line 1: host a: slots=4 is more than max_slots=2",
		"a slots=2 gpus=1":             `line 1: "gpus=1" behind the host a`,
		"a b":                          `line 1: "b" behind the host a`,
		"-v slots=2":                   `line 1: "-v" is no name`,
		strings.Repeat("x", 1e5):       "line 1: ",
		"a slots=1000\nb\nb slots=100": "line 3: 1101 slots together",
	} {
		if got, err := hosts.ReadFile(strings.NewReader(text), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

// check is what every list that is read has in common: nothing in it can be
// taken for an option, and nothing needs quoting.
func check(t *testing.T, hosts list) {
	t.Helper()
	names := map[string]bool{}
	for _, h := range hosts {
		if h.Slots < 1 || h.Slots > 1024 || names[h.Name] || h.Name == "" || h.Name[0] == '-' || strings.ContainsAny(h.Name, " \t\n'\"$`;|&()<>\\*?[]#~") {
			t.Errorf("%+v in %+v", h, hosts)
		}
		names[h.Name] = true
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"a:2,b", "[::1]:4", "u@h", "-x", "a:b:c", "[]:1", "a,a"} {
		f.Add(text, 1)
	}
	f.Fuzz(func(t *testing.T, text string, def int) {
		if got, err := hosts.Parse(strings.Split(text, ","), max(1, def%1024)); err == nil {
			check(t, got)
		}
	})
}

func FuzzReadFile(f *testing.F) {
	for _, text := range []string{"a slots=2\nb", "a slots = 2 # x", "a\r\nb\r\n", "a max_slots=1", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := hosts.ReadFile(strings.NewReader(text), 1); err == nil {
			check(t, got)
		}
	})
}

func ExampleParse() {
	list, err := hosts.Parse([]string{"host-a:2", "me@host-b"}, 4)
	fmt.Println(list, err)
	// Output:
	// [{host-a 2} {me@host-b 4}] <nil>
}

func TestSelect(t *testing.T) {
	list := []hosts.Host{{Name: "a", Slots: 1}, {Name: "me@b", Slots: 2}, {Name: "c", Slots: 3}}
	for _, tt := range []struct{ include, exclude, want, err string }{
		{"", "", "a me@b c", ""},
		{"b a", "", "a me@b", ""}, // in the order of the list
		{"", "me@b", "a c", ""},
		{"a b", "b", "a", ""},
		{"d", "", "", `"d" is not in the list`},
		{"", "d", "", `"d" is not in the list`},
		{"a", "a", "", "no host is left of 3"},
	} {
		got, err := hosts.Select(list, strings.Fields(tt.include), strings.Fields(tt.exclude))
		var names []string
		for _, h := range got {
			names = append(names, h.Name)
		}
		if strings.Join(names, " ") != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("include %q, exclude %q: %v, %v; want %q, %q", tt.include, tt.exclude, names, err, tt.want, tt.err)
		}
	}
	if len(list) != 3 || list[0].Name != "a" {
		t.Errorf("the list has become %v", list)
	}
}
