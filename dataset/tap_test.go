package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/internal/bubble"
)

// TestStreamDirectory: files come by rename, some packed, some with their columns
// in another order; what is not of the stream is passed over. The stream is that
// of a table of all their rows.
func TestStreamDirectory(t *testing.T) {
	lines := strings.SplitAfter(flowing(300), "\n")
	header, records := lines[0], lines[1:601] // a row has two lines
	swapped := func(part []string) string {
		var b strings.Builder
		b.WriteString("class,size,note,colour\n")
		for i := 0; i < len(part); i += 2 {
			row := strings.TrimSuffix(part[i]+part[i+1], "\n")
			at := strings.LastIndexByte(row, ',')
			b.WriteString(row[at+1:] + "," + row[:at] + "\n")
		}
		return b.String()
	}
	whole := write(t, "rows.csv", []byte(flowing(300)))
	want := open(t, streamSpec(whole, 60))
	rows, err := drain(t, want, openPlan(want, 16), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, pattern := range map[string]string{"directory": "", "pattern": "part-*"} {
		bubble.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "notes.md"), []byte("no rows"))
			if err := os.Mkdir(filepath.Join(dir, "part-sub.csv"), 0o777); err != nil {
				t.Fatal(err)
			}
			come := make(chan bool)
			go func() {
				defer close(come)
				for i, part := range []string{
					header + strings.Join(records[:100], ""), header,
					swapped(records[100:102]),
					header + strings.Join(records[102:500], ""), swapped(records[500:]),
				} {
					content := []byte(part)
					if i%3 == 0 {
						content = gzipped(content)
					}
					<-time.After(3 * time.Second)
					put(t, filepath.Join(dir, fmt.Sprintf("part-%d.csv", i)), content)
				}
				<-time.After(3 * time.Second)
				put(t, filepath.Join(dir, EndName), nil)
			}()
			s := streamSpec(filepath.Join(dir, pattern), 60)
			s.Label = "-1" // the last column of the first file
			d := open(t, s)
			got, err := drain(t, d, openPlan(d, 16), 0, 0)
			<-come
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rows, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		})
	}
}

// allOf walks a tap to where it ends for now.
func allOf(t *testing.T, tap *tap) (all []string, err error) {
	t.Helper()
	for {
		if err := tap.next(); err != nil {
			return all, err
		}
		all = append(all, tap.name)
	}
}

// TestTapOrder: a file whose name lies before one that was read is an error, as
// are names behind END none.
func TestTapOrder(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) { put(t, filepath.Join(dir, name), []byte("1,2\n")) }
	tap, err := newTap(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tap.close()
	look := func(want error, files ...string) {
		t.Helper()
		got, err := allOf(t, tap)
		if !errors.Is(err, want) || !slices.Equal(got, files) {
			t.Fatalf("%q, %v; expected %q, %v", got, err, files, want)
		}
	}
	look(errNotYet)
	file("b.csv")
	file("d.csv")
	look(errNotYet, "b.csv", "d.csv")
	if err := os.Remove(filepath.Join(dir, "b.csv")); err != nil { // read, and tidied away
		t.Fatal(err)
	}
	file("e.csv")
	look(errNotYet, "e.csv")
	file("c.csv")
	file("b.csv")
	file("f.csv")
	if _, err := allOf(t, tap); err == nil || !strings.Contains(err.Error(), "whose name lies before e.csv") {
		t.Fatalf("a late file: %v", err)
	}
	again, err := newTap(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	tap = again
	put(t, filepath.Join(dir, EndName), nil)
	look(io.EOF, "b.csv", "c.csv", "d.csv", "e.csv", "f.csv")
	file("g.csv")
	look(io.EOF)
}

// TestStreamErrors: each says where, and what was expected.
func TestStreamErrors(t *testing.T) {
	text := flowing(100)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		spec Spec
		want []string
	}{
		"standard input":   {streamSpec("-", 60), []string{"launcher run"}},
		"no such file":     {streamSpec(filepath.Join(dir, "none.csv"), 60), []string{"none.csv", "directory that files are moved into"}},
		"no such pattern":  {streamSpec(filepath.Join(dir, "a[.csv"), 60), []string{"a[.csv"}},
		"a pipe":           {streamSpec(os.DevNull, 60), []string{"expected a file or a directory"}},
		"one class":        {streamSpec(write(t, "a.csv", []byte(text)), 3), []string{"one class only"}},
		"unknown label":    {Spec{Data: "csv:" + write(t, "b.csv", []byte(text)), Label: "class", Stream: 60, Classes: "a,b"}, []string{"label", "none of the classes of --classes"}},
		"a class twice":    {Spec{Data: "csv:" + write(t, "c.csv", []byte(text)), Label: "class", Stream: 60, Classes: "yes,yes"}, []string{"each once"}},
		"carriage returns": {streamSpec(write(t, "d.csv", []byte(strings.ReplaceAll(text, "\n", "\r"))), 60), []string{"line feed"}},
		"empty":            {streamSpec(write(t, "e.csv", nil), 60), []string{"e.csv: the file is empty"}},
		"only a header":    {streamSpec(write(t, "f.csv", []byte("size,class\n")), 60), []string{"ended without a row"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), c.spec)
			wantError(t, err, c.want...)
		})
	}
	for name, c := range map[string]struct {
		row  string
		want []string
	}{
		"too few cells":  {"1,a,red\n", []string{"expected 4 columns as in the first line, found 3"}},
		"no number":      {"x,a,red,yes\n", []string{`column index 0 ("size")`, "expected a number", `found "x"`}},
		"unknown class":  {"1,a,red,perhaps\n", []string{`label "perhaps" is none of the classes of the head: no, yes`, "--classes"}},
		"no class":       {"1,a,red,\n", []string{"expected a label"}},
		"far away":       {"1e300,a,red,yes\n", []string{"too far from the training rows"}},
		"text not UTF-8": {"1,a,\xff,yes\n", []string{"UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := strings.SplitAfter(flowing(300), "\n")
			bad := strings.Join(lines[:401], "") + c.row + strings.Join(lines[401:], "")
			d := open(t, streamSpec(write(t, "bad.csv", []byte(bad)), 60))
			got, err := drain(t, d, openPlan(d, 16), 0, 0)
			wantError(t, err, append(c.want, "bad.csv:402")...)
			if want := (d.Train.Len() + 140) / 16; len(got.Sizes) != want {
				t.Errorf("%d batches before it, expected %d", len(got.Sizes), want)
			}
		})
	}
}

// TestStreamOpenQuote: a quote that nothing closes is an error where the stream
// ends, of the row that it opens in.
func TestStreamOpenQuote(t *testing.T) {
	text := strings.Repeat("1,a,yes\n2,b,no\n", 50)
	d := open(t, Spec{Data: "csv:" + write(t, "open.csv", []byte(text+"1,\"a,yes\n"+text)), Stream: 60})
	got, err := drain(t, d, openPlan(d, 16), 0, 0)
	wantError(t, err, "open.csv:101", "does not close")
	if want := (d.Train.Len() + 40) / 16; len(got.Sizes) != want {
		t.Errorf("%d batches before it, expected %d", len(got.Sizes), want)
	}
}

// TestSpoolErrors: a spool that is cut short, and an end that is none.
func TestSpoolErrors(t *testing.T) {
	text := flowing(200)
	for name, c := range map[string]struct {
		spoil func(path string)
		want  string
	}{
		"cut short": {func(path string) { os.Truncate(path, 100) }, "cut short to 100 bytes"},
		"end":       {func(path string) { put(t, path+EndSuffix, []byte("17\n")) }, "expected the size of"},
		"words":     {func(path string) { put(t, path+EndSuffix, []byte("the end\n")) }, `found "the end`},
	} {
		path := write(t, "rows"+SpoolSuffix, []byte(text))
		d := open(t, streamSpec(path, 60))
		l := NewStreamLoader(d.Stream, d.Train, openPlan(d, 150), 1, 0, 1, 0, 0)
		if _, err := l.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.spoil(path)
		_, err := l.Next(t.Context())
		if wantError(t, err, c.want); t.Failed() {
			t.Log(name)
		}
		l.Close()
	}
}

// TestSpoolWaitsForTheEnd while that is being written.
func TestSpoolWaitsForTheEnd(t *testing.T) {
	path := write(t, "rows"+SpoolSuffix, []byte("1,2\n"))
	tap, err := newTap(path)
	if err != nil || tap.next() != nil {
		t.Fatal(err)
	}
	defer tap.close()
	buf := make([]byte, 10)
	read := func(want error, wantBytes int) {
		t.Helper()
		if n, err := tap.read(buf); n != wantBytes || !errors.Is(err, want) {
			t.Errorf("%d bytes, %v; expected %d, %v", n, err, wantBytes, want)
		}
	}
	read(nil, 4)
	for _, said := range []string{"", "1", "12"} {
		put(t, path+EndSuffix, []byte(said))
		read(errNotYet, 0)
	}
	put(t, path+EndSuffix, []byte("8\n"))
	read(errNotYet, 0)
	put(t, path, []byte("1,2\n3,4\n"))
	if err := tap.seek(mark{name: tap.name, files: 1, at: 4, layout: &layout{}}); err != nil {
		t.Fatal(err)
	}
	read(nil, 4)
	read(io.EOF, 0)
}
