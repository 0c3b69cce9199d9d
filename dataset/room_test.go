package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// What lies in files reads as what lies in memory: every kind of source, with
// and without a cache, the first and the second time.
func TestInFilesAsInMemory(t *testing.T) {
	table := big()
	half := len(table) / 40 / 2 * 40
	dir := t.TempDir()
	for name, content := range map[string][]byte{"a.csv": table, "b.csv": table[:half], "c.csv.gz": gzipped(table), "d.csv": []byte(strings.Repeat("9,8,new,a\n2,,x,b\n", 2000))} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	images := writeAll(t, idxFiles())
	for i, s := range []Spec{
		{Data: "csv:" + dir + "/a.csv"},
		{Data: "csv:" + dir + "/c.csv.gz", ValFraction: 0.2, LongTail: 5},
		{Data: "csv:" + dir + "/[abd].csv"},
		{Data: "csv:" + dir + "/b.csv", TestData: "csv:" + dir + "/d.csv"},
		{Data: "csv:" + dir + "/b.csv", Categorical: "0", Scale: ScaleQuantile},
		{Data: "idx:" + images},
		{Data: "idx:" + images, ValFraction: 0.4},
	} {
		want := open(t, s).Fingerprint
		kept := t.TempDir()
		caches := []string{kept}
		if i < 2 {
			caches = []string{"", kept, kept}
		}
		for _, cache := range caches {
			s.Cache, s.InMemory = cache, 10
			d := open(t, s)
			if d.Fingerprint != want {
				t.Errorf("%+v: in files it is other data", s)
			}
			if all := strings.Join(d.Warnings, "\n"); strings.Contains(all, "cache") {
				t.Error(all)
			}
			if place := d.Place(3); s.Data != "idx:"+images && !strings.Contains(place, ".csv") {
				t.Errorf("row 3 is at %q", place)
			}
		}
		for _, name := range names(t, kept) {
			if !strings.HasSuffix(name, ".frame") {
				t.Errorf("%s is left behind", name)
			}
		}
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A damaged entry that is read in place is named and made anew, as any other.
func TestDamagedInPlace(t *testing.T) {
	s := Spec{Data: "csv:" + write(t, "f.csv", big()), Cache: t.TempDir(), InMemory: 10}
	want := open(t, s).Fingerprint
	entry := filepath.Join(s.Cache, names(t, s.Cache)[0])
	whole, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	for what, damaged := range map[string][]byte{"cut": whole[:len(whole)/2], "empty": nil, "changed": bytes.Replace(whole, []byte{0xf8, 0x3f}, []byte{0xf8, 0x3e}, 1)} {
		if err := os.WriteFile(entry, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		d := open(t, s)
		if all := strings.Join(d.Warnings, "\n"); d.Fingerprint != want || !strings.Contains(all, entry+" is damaged") {
			t.Errorf("%s: warnings %q", what, all)
		}
	}
}

// No disk to write to is told with the flag that names another.
func TestNoPlaceForFiles(t *testing.T) {
	_, err := Open(t.Context(), Spec{Data: "csv:" + write(t, "f.csv", big()), Cache: write(t, "file", nil), InMemory: 10})
	wantError(t, err, "--cache")
}

// largeVariable tells a child process of this test which table to read.
const largeVariable = "BALLAST_TEST_LARGE"

// A table that would take four times its size in memory is read in less, and its
// batches gone through, the first time (by parsing) and the second (from the
// cache).
func TestLargerThanMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 64 MiB")
	}
	path := filepath.Join(t.TempDir(), "large.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines bytes.Buffer
	for i := range 4096 {
		fmt.Fprintf(&lines, "%d", i%3)
		for c := range 31 {
			fmt.Fprintf(&lines, ",%.4f", float64(i*(c+7)%1009)/7)
		}
		lines.WriteByte('\n')
	}
	for size := 0; size < 64<<20; size += lines.Len() {
		if _, err := f.Write(lines.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	cache := t.TempDir()
	for _, time := range []string{"first", "second"} {
		child := exec.Command(os.Args[0], "-test.run=^TestLargeChild$", "-test.v")
		child.Env = append(os.Environ(), largeVariable+"="+path, "BALLAST_TEST_CACHE="+cache)
		if out, err := child.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("the %s time: %v\n%s", time, err, out)
		} else {
			t.Logf("%s", out)
		}
	}
	if n := len(entries(t, cache)); n != 1 {
		t.Errorf("%d entries in the cache", n)
	}
}

// TestLargeChild is the child: it looks at how much memory it has had in all.
func TestLargeChild(t *testing.T) {
	path := os.Getenv(largeVariable)
	if path == "" {
		t.Skip("runs as a child of TestLargerThanMemory")
	}
	debug.SetMemoryLimit(24 << 20)
	runtime.GOMAXPROCS(2)
	d := open(t, Spec{Data: "csv:" + path, Label: "0", Cache: os.Getenv("BALLAST_TEST_CACHE"), InMemory: 1 << 20})
	l := NewLoader(d.Train, Plan{Rows: d.Train.Len(), Batch: 512, Epochs: 1, Seed: 1}, 8, 0, 8, 0)
	defer l.Close()
	rows := 0
	for {
		b, err := l.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows += b.Rows
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d MiB for %d rows", m.Sys>>20, rows)
	if m.Sys > 40<<20 || rows != d.Train.Len() {
		t.Errorf("%d bytes of memory for %d of %d rows", m.Sys, rows, d.Train.Len())
	}
}
