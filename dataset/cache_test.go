package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// big is a table that is worth being cached.
func big() []byte {
	return []byte(strings.Repeat("1.5,?,x,a\n1.5,7,y,b\n3,,'z, z',a\n3,7,x,b\n", cacheFrom/40+1))
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.frame"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// A cached table reads as the file itself; one that is damaged is named and
// parsed again; other content or other options are another entry.
func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	path := write(t, "f.csv", big())
	s := Spec{Data: "csv:" + path, Cache: dir}
	want := open(t, Spec{Data: s.Data}).Fingerprint
	see := func(what string, s Spec, fingerprint string, count int, warning string) {
		t.Helper()
		d := open(t, s)
		if fingerprint != "" && d.Fingerprint != fingerprint {
			t.Errorf("%s: other data", what)
		}
		if got := entries(t, dir); len(got) != count {
			t.Errorf("%s: %d entries, want %d", what, len(got), count)
		}
		if all := strings.Join(d.Warnings, "\n"); warning == "" && strings.Contains(all, "cache") || !strings.Contains(all, warning) {
			t.Errorf("%s: warnings %q, want %q", what, d.Warnings, warning)
		}
	}
	see("first", s, want, 1, "")
	entry := entries(t, dir)[0]
	if info, err := os.Stat(entry); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	before := time.Now().Add(-time.Hour)
	if err := os.Chtimes(entry, before, before); err != nil {
		t.Fatal(err)
	}
	see("second", s, want, 1, "")
	if info, err := os.Stat(entry); err != nil || info.ModTime().Equal(before) {
		t.Errorf("the second time did not read the entry: %v, %v", info.ModTime(), err)
	}
	content, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 4
	if err := os.WriteFile(entry, content, 0o600); err != nil {
		t.Fatal(err)
	}
	see("damaged", s, want, 1, entry+" is damaged")
	see("mended", s, want, 1, "")

	other := s
	other.Missing = "x"
	see("other markers", other, "", 2, "")
	other = s
	other.Data = "csv:" + write(t, "g.csv", append(big(), "4,5,x,a\n"...))
	see("other content", other, "", 3, "")
	other.Data = "csv:" + write(t, "small.csv", []byte(plain))
	see("small", other, "", 3, "")

	// Where nothing can be written, nothing is, and the run goes on.
	blocked := s
	blocked.Cache = filepath.Join(path, "below-a-file")
	see("no directory", blocked, want, 3, "not cached")
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"b.frame", "a.frame", "c.frame", "other"} {
		path := filepath.Join(dir, name)
		at := time.Now().Add(time.Duration(i) * time.Minute)
		if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	cache{dir: dir}.prune(250)
	left := entries(t, dir)
	if len(left) != 2 || filepath.Base(left[0]) != "a.frame" || filepath.Base(left[1]) != "c.frame" {
		t.Errorf("left %q", left)
	}
	cache{dir: dir}.prune(0)
	if left := entries(t, dir); len(left) != 1 || filepath.Base(left[0]) != "c.frame" {
		t.Errorf("left %q; the newest stays whatever its size", left)
	}
}
