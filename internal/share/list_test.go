package share

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// namesOf is a list of empty files under such names.
func namesOf(names ...string) *List {
	l := &List{}
	for _, name := range names {
		l.Files = append(l.Files, Entry{Part: "data", Name: name})
	}
	return l
}

// TestNames: names are paths downward, and no two files or a file and a directory
// are in one place.
func TestNames(t *testing.T) {
	for _, names := range [][]string{
		{"a.csv"}, {"cat/1.png"}, {"a/b/c/d.png", "a/b/c/e.png"}, {"größe 1/ä.png"}, {"cat/1.png", "dog/1.png", "cat/1.png.txt"}, {strings.Repeat("x", maxWord)},
	} {
		if err := namesOf(names...).check([]string{"data"}); err != nil {
			t.Errorf("%q: %v", names, err)
		}
	}
	for _, names := range [][]string{
		{""}, {"/a"}, {"//a"}, {"../a"}, {"a/../../b"}, {"a/.."}, {"."}, {".."}, {"./a"}, {"a/./b"}, {"a//b"}, {"a/"}, {".hidden"}, {"a/.hidden/b"}, {arriving + "/x"},
		{`a\b`}, {`..\a`}, {`C:\a`}, {"C:a"}, {"a:stream"}, {"a\x00b"}, {"a\nb"}, {"a\rb"}, {"a\x7fb"}, {"a\u0085b"}, {"a\xff"},
		{strings.Repeat("x", maxWord+1)}, {strings.Repeat("x/", maxDepth) + "x"}, {strings.Repeat(strings.Repeat("x", 150)+"/", 7) + "x"},
		{"a", "a"}, {"cat/1.PNG", "CAT/1.png"}, {"cat", "cat/1.png"}, {"cat/1.png", "Cat"}, {"a/b/c", "a/b"},
	} {
		if err := namesOf(names...).check([]string{"data"}); err == nil {
			t.Errorf("%q are taken", names)
		}
	}
}

// TestListLimits: numbers that do not fit each other are refused before anything
// is made of them.
func TestListLimits(t *testing.T) {
	zeros := strings.Repeat("0", 64)
	for name, text := range map[string]string{
		"nothing": "", "another format": "files 1 0\n", "no files": "ballast-files 0 0\n", "too many files": "ballast-files 200001 0\n",
		"negative": "ballast-files -1 2\n", "huge": "ballast-files 99999999999999999999 0\n", "too many pieces": "ballast-files 1 999999999\n",
		"fewer lines":   "ballast-files 2 0\n0 " + zeros + " data a\n",
		"more lines":    "ballast-files 1 0\n0 " + zeros + " data a\n0 " + zeros + " data b\n",
		"no line end":   "ballast-files 1 0\n0 " + zeros + " data a\nx",
		"no size":       "ballast-files 1 0\nx " + zeros + " data a\n",
		"negative size": "ballast-files 1 0\n-1 " + zeros + " data a\n",
		"short sum":     "ballast-files 1 0\n0 " + zeros[1:] + " data a\n",
		"no sum":        "ballast-files 1 0\n0 " + strings.Repeat("x", 64) + " data a\n",
		"another part":  "ballast-files 1 0\n0 " + zeros + " model a\n",
		"no name":       "ballast-files 1 0\n0 " + zeros + " data\n",
		"pieces":        "ballast-files 1 1\n0 " + zeros + " data a\n" + zeros + "\n",
		"no pieces":     "ballast-files 1 0\n5 " + zeros + " data a\n",
		"too large":     "ballast-files 1 0\n9223372036854775807 " + zeros + " data a\n",
		"sum too large": "ballast-files 2 0\n9223372036854775807 " + zeros + " data a\n9223372036854775807 " + zeros + " data b\n",
		"another form":  "ballast-files 1 0\n00 " + zeros + " data a\n",
	} {
		if l, err := decode([]byte(text), []string{"data"}); err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// hostile answers as a peer that gives a list and content of its own making.
func hostile(t testing.TB, text, content []byte) func(string, []byte) ([]byte, error) {
	return func(_ string, q []byte) ([]byte, error) {
		r := asks(t, q)
		if r.What == askHead {
			return json.Marshal(head{List: idOf(text), Size: len(text)})
		}
		all := map[string][]byte{askPage: text, askPiece: content}[r.What]
		from := min(len(all), r.At*pieceSize)
		return all[from:min(len(all), from+pieceSize)], nil
	}
}

// TestHostilePeer: a peer cannot have a file written elsewhere, nor have a file
// taken for whole that is another.
func TestHostilePeer(t *testing.T) {
	zeros := strings.Repeat("0", 64)
	x := idOf([]byte("x"))
	for name, text := range map[string]string{
		"up":             "ballast-files 1 1\n1 " + x + " data ../../up\n" + x + "\n",
		"absolute":       "ballast-files 1 1\n1 " + x + " data /tmp/up\n" + x + "\n",
		"another whole":  "ballast-files 1 1\n1 " + zeros + " data a\n" + x + "\n",
		"another piece":  "ballast-files 1 1\n1 " + x + " data a\n" + zeros + "\n",
		"in a part's up": "ballast-files 1 1\n1 " + x + " .. a\n" + x + "\n",
	} {
		c := client(t, hostile(t, []byte(text), []byte("x")), "0")
		c.Patience, c.Dir = 0, filepath.Join(t.TempDir(), "here")
		if err := os.Mkdir(c.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Fetch(t.Context()); err == nil {
			t.Errorf("%s: fetched %+v", name, got)
		}
		if all := files(t, c.Dir); len(all) != 0 {
			t.Errorf("%s: left behind %v", name, all)
		}
		if all, err := os.ReadDir(filepath.Dir(c.Dir)); err != nil || len(all) != 1 {
			t.Errorf("%s: beside the directory: %v, %v", name, all, err)
		}
	}
	good := "ballast-files 1 1\n1 " + x + " data cat/a\n" + x + "\n"
	for name, h := range map[string]head{
		"endless": {idOf([]byte(good)), maxList + 1}, "negative": {idOf([]byte(good)), -1}, "shorter": {idOf([]byte(good)), len(good) - 1}, "longer": {idOf([]byte(good)), len(good) + 1}, "another": {x, len(good)},
	} {
		answer := hostile(t, []byte(good), []byte("x"))
		c := client(t, func(addr string, q []byte) ([]byte, error) {
			if asks(t, q).What == askHead {
				return json.Marshal(h)
			}
			return answer(addr, q)
		}, "0")
		c.Patience = 0
		if got, err := c.Fetch(t.Context()); err == nil {
			t.Errorf("%s: fetched %+v", name, got)
		}
	}
}

// TestNoWayOut: where somebody has laid a link out of the directory, nothing is
// written through it.
func TestNoWayOut(t *testing.T) {
	x := idOf([]byte("x"))
	text := "ballast-files 1 1\n1 " + x + " data cat/a\n" + x + "\n"
	c, outside := client(t, hostile(t, []byte(text), []byte("x")), "0"), t.TempDir()
	dir := filepath.Join(c.Dir, idOf([]byte(text)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "data")); err != nil {
		t.Skip(err)
	}
	if _, err := c.Fetch(t.Context()); err == nil {
		t.Error("written through a link")
	}
	if all := files(t, outside); len(all) != 0 {
		t.Errorf("outside: %v", all)
	}
}

// TestShelfRefuses what cannot be given under its name, before anybody fetches
// a part of it.
func TestShelfRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	many := make([]File, maxFiles+1)
	for want, find := range map[string]func(context.Context) ([]File, error){
		"is no name of a file":      found(File{"data", "a:b", path}),
		"is there twice":            found(File{"data", "a", path}, File{"data", "A", path}),
		"b: no such file":           found(File{"data", "b", path + "x"}),
		"200001 files are more":     found(many...),
		"the folder cannot be read": func(context.Context) ([]File, error) { return nil, errors.New("the folder cannot be read") },
	} {
		_, err := NewShelf("run", find).Answer(t.Context(), []byte(`{"run":"run"}`))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("error %v, want one that says %q and no path", err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	s, _ := shelved(f)
	if err := s.look(f.Context()); err != nil {
		f.Fatal(err)
	}
	packed := s.packed
	f.Add(packed)
	f.Add(bytes.Replace(packed, []byte("a.csv"), []byte("../x"), 1))
	f.Add(bytes.Replace(packed, []byte("cat/1.png"), []byte("cat/../../../1.png"), 1))
	f.Add(bytes.Replace(packed, []byte("cat/1.png"), []byte("/1.png"), 1))
	f.Add(bytes.Replace(packed, []byte("cat/1.png"), []byte(`cat\1.png`), 1))
	f.Add(bytes.Replace(packed, []byte("\n0 "), []byte("\n-9223372036854775808 "), 1))
	f.Add(bytes.Replace(packed, []byte("\n0 "), []byte("\n9223372036854775807 "), 1))
	f.Add(fmt.Appendf(nil, "ballast-files 1 0\n0 %064d data a/b\n", 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decode(b, []string{"data", "test"})
		if err != nil {
			return
		}
		for _, e := range l.Files {
			if path := filepath.Join("/dir", e.Part, e.Name); !strings.HasPrefix(path, "/dir/"+e.Part+"/") || path != "/dir/"+e.Part+"/"+e.Name {
				t.Errorf("%q leaves its directory", e.Name)
			}
		}
		covered := make([]int64, len(l.Files))
		for k := range l.Pieces {
			from, to := l.piece(k)
			at := 0
			for _, c := range l.cuts(k) {
				if c.from != at || c.to <= c.from || c.at != covered[c.file] {
					t.Fatalf("piece %d, cut %+v behind %d", k, c, at)
				}
				at = c.to
				covered[c.file] += int64(c.to - c.from)
			}
			if int64(at) != to-from {
				t.Errorf("piece %d: %d bytes of %d are of files", k, at, to-from)
			}
		}
		for i, e := range l.Files {
			if covered[i] != e.Size {
				t.Errorf("%d bytes of %d of %q are in pieces", covered[i], e.Size, e.Name)
			}
		}
	})
}
