package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// A published set is downloaded once, from the mirror that has it, and again if
// a file is not what it should be.
func TestPublication(t *testing.T) {
	var asked atomic.Int32
	files := map[string][]byte{}
	var list [][2]string
	for name, content := range idxFiles() {
		packed := gzipped(content)
		files["/"+name+".gz"] = packed
		list = append(list, [2]string{name + ".gz", sumOf(packed)})
	}
	good := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = w.Write(files[r.URL.Path])
	})
	bad := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("something else")) })
	p := publication{name: "letters", mirrors: []string{bad, good}, files: list}
	s := &Spec{Cache: filepath.Join(t.TempDir(), "cache")}
	see := func(what string, downloads int32) {
		t.Helper()
		asked.Store(0)
		r, err := p.open(t.Context(), "", s)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if asked.Load() != downloads || r.name != "letters" || len(r.labels) == 0 {
			t.Errorf("%s: %d downloads, want %d; %d rows", what, asked.Load(), downloads, len(r.labels))
		}
	}
	see("first", 4)
	see("second", 0)
	if err := os.WriteFile(filepath.Join(s.Cache, "letters", list[0][0]), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	see("a damaged file", 1)
	s.Cache = ""
	see("no cache", 4)

	p.mirrors = []string{bad}
	_, err := p.open(t.Context(), "", s)
	wantError(t, err, "letters", bad, "SHA-256 "+list[0][1], "copy the file to")
}

// An address may say which file it has to be.
func TestAddressWithChecksum(t *testing.T) {
	at := serve(t, map[string][]byte{"f.csv": []byte(plain)})
	want := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(plain))})
	right := sumOf([]byte(plain))
	if d := open(t, Spec{Data: "csv:" + at + "/f.csv#sha256=" + strings.ToUpper(right)}); d.Fingerprint != want.Fingerprint {
		t.Error("other data")
	}
	other := sumOf([]byte("other"))
	_, err := Open(t.Context(), Spec{Data: "csv:" + at + "/f.csv#sha256=" + other})
	wantError(t, err, at+"/f.csv: ", other, right)
	for _, fragment := range []string{"sha256=12", "md5=" + right, "top"} {
		_, err = Open(t.Context(), Spec{Data: "csv:" + at + "/f.csv#" + fragment})
		wantError(t, err, "#"+fragment, "64 hexadecimal digits")
	}
}
