package share

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

// shelved writes a file of two pieces and a bit, and an empty one.
func shelved(t testing.TB) (*Shelf, string) {
	t.Helper()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv")
	for path, content := range map[string][]byte{a: some(2*pieceSize + 100), b: nil} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return NewShelf("run", []File{{"data", a}, {"test", b}}), a
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
	if err != nil || got.Bytes != 2*pieceSize+100 || len(got.Files) != 2 {
		t.Fatalf("%d bytes of %d files: %v", got.Bytes, len(got.Files), err)
	}
	want, _ := os.ReadFile(path)
	if have, err := os.ReadFile(filepath.Join(got.Dir, "data", "a.csv")); err != nil || !bytes.Equal(have, want) {
		t.Errorf("another file arrived: %v", err)
	}
	if again, err := c.Fetch(t.Context()); err != nil || again.Bytes != 0 || again.Dir != got.Dir {
		t.Errorf("the second time %d bytes: %v", again.Bytes, err)
	}
	// A file that was changed here is brought again.
	if err := os.WriteFile(filepath.Join(got.Dir, "data", "a.csv"), want[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := c.Fetch(t.Context()); err != nil || again.Bytes != got.Bytes {
		t.Errorf("after a change %d bytes: %v", again.Bytes, err)
	}
	if all := files(t, c.Dir); len(all) != 2 {
		t.Errorf("left behind: %v", all)
	}
}

// A peer that dies, one that lies and one of other files are passed over; the
// transfer goes on where it was.
func TestFetchGoesOnWithAnother(t *testing.T) {
	s, _ := shelved(t)
	other := NewShelf("run", []File{{"data", os.Args[0]}})
	pieces := 0
	c := client(t, func(addr string, q []byte) ([]byte, error) {
		b, err := s.Answer(t.Context(), q)
		listed := bytes.Contains(q, []byte(`"list"`))
		switch addr {
		case "dies":
			if pieces == 1 {
				return nil, errors.New("it is gone")
			}
		case "lies":
			if listed {
				b = bytes.Clone(b)
				b[len(b)/2] ^= 1
				return b, nil
			}
		case "other":
			return other.Answer(t.Context(), q)
		}
		if listed && err == nil {
			pieces++
		}
		return b, err
	}, "dies", "lies", "other", "good")
	got, err := c.Fetch(t.Context())
	if err != nil || got.Bytes != 2*pieceSize+100 || pieces != 3 {
		t.Errorf("%d bytes in %d pieces: %v", got.Bytes, pieces, err)
	}
}

// What cannot be had is told, and nothing is left that looks whole.
func TestFetchGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, path := shelved(t)
		changed := false
		c := client(t, func(_ string, q []byte) ([]byte, error) {
			if bytes.Contains(q, []byte(`"piece":2`)) && !changed {
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
		if all := files(t, c.Dir); len(all) != 0 {
			t.Errorf("left behind: %v", all)
		}
	})
}

// Nobody gets anything but pieces of the files in the list.
func TestAnswer(t *testing.T) {
	s, _ := shelved(t)
	packed, err := s.Answer(t.Context(), []byte(`{"run":"run"}`))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(packed, []byte("/")) {
		t.Errorf("the list tells paths: %s", packed)
	}
	list, err := decode(packed, []string{"data", "test"})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]request{
		"another run": {Run: "x"}, "another list": {Run: "run", List: "x"},
		"file": {Run: "run", List: list.id(), File: 2}, "negative file": {Run: "run", List: list.id(), File: -1},
		"piece": {Run: "run", List: list.id(), Piece: 3}, "negative piece": {Run: "run", List: list.id(), Piece: -1},
	} {
		q, _ := json.Marshal(r)
		if b, err := s.Answer(t.Context(), q); err == nil {
			t.Errorf("%s: %d bytes", name, len(b))
		}
	}
	if _, err := s.Answer(t.Context(), []byte("GET /etc/passwd")); err == nil {
		t.Error("nonsense has an answer")
	}
	if _, err := NewShelf("run", nil).Answer(t.Context(), []byte(`{"run":"run"}`)); err == nil {
		t.Error("an empty shelf has a list")
	}
}

func FuzzDecode(f *testing.F) {
	s, _ := shelved(f)
	packed, err := s.Answer(f.Context(), []byte(`{"run":"run"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(bytes.Replace(packed, []byte("a.csv"), []byte("../x"), 1))
	f.Add(bytes.Replace(packed, []byte(`"size":0`), []byte(`"size":-9223372036854775808`), 1))
	f.Add(bytes.Replace(packed, []byte(`"size":0`), []byte(`"size":9223372036854775807`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decode(b, []string{"data", "test"})
		if err != nil {
			return
		}
		for _, e := range l.Files {
			if path := filepath.Join("/dir", e.Part, e.Name); filepath.Dir(path) != "/dir/"+e.Part {
				t.Errorf("%q leaves its directory", e.Name)
			}
			for k := range e.Pieces {
				if at, n := e.piece(k); n < 1 || at+int64(n) > e.Size {
					t.Errorf("piece %d of %d bytes: %d at %d", k, e.Size, n, at)
				}
			}
		}
	})
}
