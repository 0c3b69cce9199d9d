package frame

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func stored(t testing.TB, f *Frame) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStore(t *testing.T) {
	f, err := parse(t, "x,y,class\n1,?,a\n-0,2e300,b\n3,x,\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := stored(t, f)
	got, err := Read(bytes.NewReader(b), int64(len(b)), f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, got, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	// Every bit counts, and every byte.
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if _, err := Read(bytes.NewReader(bad), int64(len(bad)), f.Path); err == nil {
			t.Errorf("byte %d changed, no error", i)
		}
		if _, err := Read(bytes.NewReader(b[:i]), int64(i), f.Path); err == nil {
			t.Errorf("cut to %d bytes, no error", i)
		}
	}
}

func FuzzRead(f *testing.F) {
	frame, err := parse(f, plain, Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored(f, frame))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := Read(bytes.NewReader(b), int64(len(b)), "f.csv"); err == nil && len(got.Cells) != got.Rows*len(got.Columns) {
			t.Errorf("%d cells, %d rows of %d columns", len(got.Cells), got.Rows, len(got.Columns))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	f, err := parse(b, table(20<<20, numbersRow), Options{})
	if err != nil {
		b.Fatal(err)
	}
	bytesOf := stored(b, f)
	b.SetBytes(int64(len(bytesOf)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(bytesOf), int64(len(bytesOf)), "f.csv"); err != nil {
			b.Fatal(err)
		}
	}
}
