package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/memberlist"
)

func TestUniqueNamesFollowGivenNames(t *testing.T) {
	// The suffix may be anything and the given names prefixes of one another.
	given := []string{"a", "a-1", "a.b", "a0", "aZ", "a_", "aa", "b"}
	var full []string
	for _, g := range given {
		for range 20 {
			full = append(full, uniqueName(g))
		}
	}
	slices.Sort(full)
	for i, name := range full {
		if want := given[i/20] + "#"; !strings.HasPrefix(name, want) {
			t.Fatalf("place %d: %s, want one of %s", i, name, want)
		}
	}
	if n := len(slices.Compact(full)); n != 20*len(given) {
		t.Errorf("%d different names of %d", n, 20*len(given))
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"n0", "host-1.example_x", strings.Repeat("a", maxName)} {
		if err := checkName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "a b", "a#b", "a/b", "ä", strings.Repeat("a", maxName+1)} {
		if checkName(name) == nil {
			t.Errorf("name %q passed", name)
		}
	}
}

func TestMetaFitsAndRoundTrips(t *testing.T) {
	m := Member{
		Name:  strings.Repeat("n", maxName) + "#12345678",
		Addr:  strings.Repeat("h", maxAddr-5) + ":7946",
		Host:  strings.Repeat("\x00", maxHost),
		Token: strings.Repeat("ä", maxToken/2),
	}
	b := encodeMeta(m)
	if len(b) > memberlist.MetaMaxSize {
		t.Errorf("metadata of %d bytes, gossip carries %d", len(b), memberlist.MetaMaxSize)
	}
	got, err := decodeMeta(m.Name, b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, got); d != "" {
		t.Error(d)
	}
	for n := range len(b) {
		if _, err := decodeMeta(m.Name, b[:n]); err == nil {
			t.Errorf("metadata cut to %d of %d bytes passed", n, len(b))
		}
	}
	if _, err := decodeMeta(m.Name, append(b, 0)); err == nil {
		t.Error("metadata with a byte behind it passed")
	}
}

func FuzzDecodeMeta(f *testing.F) {
	f.Add("a#12345678", encodeMeta(Member{Addr: "10.0.0.1:7946", Host: "h", Token: "t"}))
	f.Add("a#12345678", []byte{metaVersion})
	f.Add("", []byte{metaVersion, 255, 255})
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		m, err := decodeMeta(name, b)
		if err != nil {
			return
		}
		if err := m.check(); err != nil {
			t.Errorf("decoded a bad member: %v", err)
		}
		if !slices.Equal(encodeMeta(m), b) {
			t.Errorf("%q does not encode to what it was decoded from", m)
		}
	})
}
