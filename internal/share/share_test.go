package share

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/internal/bubble"
)

// some returns n bytes that are not alike.
func some(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// shelved writes a file of two pieces and a bit, an empty one, and small ones in
// directories.
func shelved(t testing.TB) (*Shelf, string) {
	t.Helper()
	dir := t.TempDir()
	list := []File{{"data", "a.csv", ""}, {"test", "b.csv", ""}, {"data", "cat/1.png", ""}, {"data", "cat/deep/2.png", ""}, {"data", "dog/1.png", ""}}
	for i, n := range []int{2*pieceSize + 100, 0, 3, 5, 7} {
		f := &list[i]
		f.Path = filepath.Join(dir, f.Part+"-"+strings.ReplaceAll(f.Name, "/", "-"))
		if err := os.WriteFile(f.Path, some(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return NewShelf("run", found(list...)), list[0].Path
}

// total is the size of the files of shelved.
const total = 2*pieceSize + 100 + 3 + 5 + 7

func found(files ...File) func(context.Context) ([]File, error) {
	return func(context.Context) ([]File, error) { return files, nil }
}

// client asks shelves by their addresses, which are indices.
func client(t testing.TB, ask func(addr string, q []byte) ([]byte, error), peers ...string) *Client {
	return &Client{
		Run: "run", Peers: peers, Parts: []string{"data", "test"}, Dir: t.TempDir(), Patience: time.Minute,
		Ask:     func(_ context.Context, addr string, q []byte) ([]byte, error) { return ask(addr, q) },
		Waiting: func(string) {},
	}
}

// files lists what lies below a directory.
func files(t testing.TB, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all = append(all, e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What arrives is what was given, and what is here is not asked for again.
func TestFetch(t *testing.T) {
	s, path := shelved(t)
	c := client(t, func(_ string, q []byte) ([]byte, error) { return s.Answer(t.Context(), q) }, "0")
	got, err := c.Fetch(t.Context())
	if err != nil || got.Bytes != total || len(got.Files) != 5 {
		t.Fatalf("%d bytes of %d files: %v", got.Bytes, len(got.Files), err)
	}
	want, _ := os.ReadFile(path)
	for name, content := range map[string][]byte{"data/a.csv": want, "test/b.csv": nil, "data/cat/1.png": some(3), "data/cat/deep/2.png": some(5), "data/dog/1.png": some(7)} {
		if have, err := os.ReadFile(filepath.Join(got.Dir, filepath.FromSlash(name))); err != nil || !bytes.Equal(have, content) {
			t.Errorf("%s: another file arrived: %v", name, err)
		}
	}
	if again, err := c.Fetch(t.Context()); err != nil || again.Bytes != 0 || again.Dir != got.Dir {
		t.Errorf("the second time %d bytes: %v", again.Bytes, err)
	}
	// A file that was changed here is brought again, and no other.
	for name, moved := range map[string]int64{"data/a.csv": total, "data/dog/1.png": total - 2*pieceSize, "test/b.csv": 0} {
		if err := os.WriteFile(filepath.Join(got.Dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := c.Fetch(t.Context()); err != nil || again.Bytes != moved {
			t.Errorf("after a change of %s %d bytes: %v", name, again.Bytes, err)
		}
	}
	if all := files(t, c.Dir); len(all) != 5 {
		t.Errorf("left behind: %v", all)
	}
}

// asks reads a question.
func asks(t testing.TB, q []byte) (r request) {
	t.Helper()
	if err := json.Unmarshal(q, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// A peer that dies, one that lies and one of other files are passed over; the
// transfer goes on where it was.
func TestFetchGoesOnWithAnother(t *testing.T) {
	s, _ := shelved(t)
	other := NewShelf("run", found(File{"data", "x", os.Args[0]}))
	pieces := 0
	c := client(t, func(addr string, q []byte) ([]byte, error) {
		b, err := s.Answer(t.Context(), q)
		piece := asks(t, q).What == askPiece
		switch addr {
		case "dies":
			if pieces == 1 {
				return nil, errors.New("it is gone")
			}
		case "lies":
			if piece {
				b = bytes.Clone(b)
				b[len(b)/2] ^= 1
				return b, nil
			}
		case "other":
			return other.Answer(t.Context(), q)
		}
		if piece && err == nil {
			pieces++
		}
		return b, err
	}, "dies", "lies", "other", "good")
	got, err := c.Fetch(t.Context())
	if err != nil || got.Bytes != total || pieces != 3 {
		t.Errorf("%d bytes in %d pieces: %v", got.Bytes, pieces, err)
	}
}

// What cannot be had is told, and nothing is left that looks whole.
func TestFetchGivesUp(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		s, path := shelved(t)
		changed := false
		c := client(t, func(_ string, q []byte) ([]byte, error) {
			if r := asks(t, q); r.What == askPiece && r.At == 2 && !changed {
				changed = true
				if err := os.WriteFile(path, some(2*pieceSize), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			return s.Answer(t.Context(), q)
		}, "0")
		_, err := c.Fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), "no node gives the data") || !strings.Contains(err.Error(), "a.csv") {
			t.Errorf("error %v", err)
		}
		if all := files(t, c.Dir); len(all) != 1 { // the empty one
			t.Errorf("left behind: %v", all)
		}
	})
}

// folder is a shelf of many small files of 2,000 bytes in directories, with names
// of 780.
func folder(t testing.TB, n int) *Shelf {
	t.Helper()
	dir := t.TempDir()
	var list []File
	for i := range n {
		f := File{Part: "data", Name: fmt.Sprintf("class-%d/%s%06d.png", i%10, strings.Repeat(strings.Repeat("x", 151)+"/", 5), i)}
		f.Path = filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(f.Path, some(2000+i%7), 0o600); err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return NewShelf("run", found(list...))
}

// Many small files cost few questions, and their list comes in pages. Interrupted,
// the transfer goes on with the files that are missing.
func TestFetchMany(t *testing.T) {
	t.Parallel()
	const n = 1_400
	s := folder(t, n)
	asked := map[string]int{}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	c := client(t, func(_ string, q []byte) ([]byte, error) {
		r := asks(t, q)
		asked[r.What]++
		if asked[askPiece] == 3 && ctx.Err() == nil {
			cancel(stop)
			return nil, stop
		}
		return s.Answer(t.Context(), q)
	}, "0")
	if _, err := c.Fetch(ctx); !errors.Is(err, stop) {
		t.Fatalf("interrupted: %v", err)
	}
	here := len(files(t, c.Dir))
	if here < n*2/3 || here >= n {
		t.Errorf("%d files of the first two of three pieces", here)
	}
	got, err := c.Fetch(t.Context())
	if err != nil || len(files(t, c.Dir)) != n || got.Bytes > 2*pieceSize { // a file is cut by the end of the second piece
		t.Errorf("%d files, %d bytes the second time: %v", len(files(t, c.Dir)), got.Bytes, err)
	}
	if asked[askHead] != 2 || asked[askPage] != 4 || asked[askPiece] != 5 {
		t.Errorf("questions %v", asked)
	}
	for i := 0; i < n; i += 97 {
		e := got.Files[i]
		if have, err := os.ReadFile(filepath.Join(got.Dir, e.Part, e.Name)); err != nil || !bytes.Equal(have, some(2000+i%7)) {
			t.Errorf("%s: another file arrived: %v", e.Name, err)
		}
	}
}

// Nobody gets anything but the list, and pieces of the files in it.
func TestAnswer(t *testing.T) {
	s, path := shelved(t)
	h := head{}
	if b, err := s.Answer(t.Context(), []byte(`{"run":"run"}`)); err != nil || json.Unmarshal(b, &h) != nil {
		t.Fatal(err)
	}
	q, _ := json.Marshal(request{Run: "run", List: h.List, What: askPage})
	packed, err := s.Answer(t.Context(), q)
	if err != nil || len(packed) != h.Size {
		t.Fatalf("%d bytes of %d: %v", len(packed), h.Size, err)
	}
	if bytes.Contains(packed, []byte(filepath.Dir(path))) {
		t.Errorf("the list tells paths: %s", packed)
	}
	if _, err := decode(packed, []string{"data", "test"}); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]request{
		"another run": {Run: "x"}, "another list": {Run: "run", List: "x", What: askPiece}, "another list's page": {Run: "run", List: "x", What: askPage},
		"page": {Run: "run", List: h.List, What: askPage, At: 1}, "negative page": {Run: "run", List: h.List, What: askPage, At: -1},
		"piece": {Run: "run", List: h.List, What: askPiece, At: 3}, "negative piece": {Run: "run", List: h.List, What: askPiece, At: -1},
		"something else": {Run: "run", List: h.List, What: "file"},
	} {
		q, _ := json.Marshal(r)
		if b, err := s.Answer(t.Context(), q); err == nil {
			t.Errorf("%s: %d bytes", name, len(b))
		}
	}
	if _, err := s.Answer(t.Context(), []byte("GET /etc/passwd")); err == nil {
		t.Error("nonsense has an answer")
	}
	if _, err := NewShelf("run", found()).Answer(t.Context(), []byte(`{"run":"run"}`)); err == nil {
		t.Error("an empty shelf has a list")
	}
}
