package mapped

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestScratch(t *testing.T) {
	dir := t.TempDir()
	f, err := Temp(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Scratch(f, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 && inPlace {
		t.Errorf("a file with a name is left: %v", left)
	}
	x := Values[float64](b)
	if len(x) != 1<<17 || slices.Max(x) != 0 {
		t.Fatalf("%d values up to %g", len(x), slices.Max(x))
	}
	x[1<<16] = 3
	if y := Values[float64](b[1<<19:]); y[0] != 3 {
		t.Errorf("written 3, read %g", y[0])
	}
	if err := Free(b); err != nil {
		t.Error(err)
	}
	if none, err := Scratch(nil, 0); err != nil || len(none) != 0 || Free(none) != nil {
		t.Errorf("nothing: %v, %v", none, err)
	}
	if _, err := Temp(filepath.Join(dir, "none")); err == nil {
		t.Error("a directory that is not there is one")
	}
}

// A file that is cut short while it is read gives an error; other panics stay
// panics.
func TestGuard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(strings.Repeat("a", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := File(f, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	defer Free(b)
	sum := func() {
		n := 0
		for _, x := range b {
			n += int(x)
		}
		if n != 'a'<<16 {
			t.Errorf("sum %d", n)
		}
	}
	if err := Guard(sum); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if err := Guard(sum); err == nil && inPlace {
		t.Error("no error after the file was cut short")
	}
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("a panic of another kind came out as %v", r)
		}
	}()
	_ = Guard(func() { panic("mine") })
}
