package dataset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write writes a file into a new directory and returns its path.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

// wantError checks that err names all of the given things.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not contain %q", err, p)
		}
	}
}

func open(t testing.TB, s Spec) *Data {
	t.Helper()
	d, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rowsDigest hashes (row, label) pairs, 32 bits each, little-endian: the form
// in which other programs state which rows they got.
func rowsDigest(s *Set) string {
	h := sha256.New()
	for i := range s.Len() {
		var b [8]byte
		binary.LittleEndian.PutUint32(b[:], uint32(s.ID(i)))
		binary.LittleEndian.PutUint32(b[4:], uint32(s.Label(i)))
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
