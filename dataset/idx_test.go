package dataset

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// idxImagesOf returns an IDX file of n images of h by w whose pixels count up.
func idxImagesOf(n, h, w int) []byte {
	b := words(idxImages, n, h, w)
	for i := range n * h * w {
		b = append(b, byte(i))
	}
	return b
}

func idxLabelsOf(y ...byte) []byte { return append(words(idxLabels, len(y)), y...) }

func words(xs ...int) (b []byte) {
	for _, x := range xs {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return b
}

// idxFiles are a small valid data set: 8 training and 3 test images of 2x3.
func idxFiles() map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte": idxImagesOf(8, 2, 3),
		"train-labels-idx1-ubyte": idxLabelsOf(0, 1, 2, 0, 1, 2, 0, 1),
		"t10k-images-idx3-ubyte":  idxImagesOf(3, 2, 3),
		"t10k-labels-idx1-ubyte":  idxLabelsOf(2, 1, 0),
	}
}

func writeAll(t *testing.T, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestIDX(t *testing.T) {
	d := open(t, Spec{Data: "idx:" + writeAll(t, idxFiles())})
	if d.Kind != Image || !slices.Equal(d.Shape, []int{1, 2, 3}) || !slices.Equal(d.Classes, []string{"0", "1", "2"}) {
		t.Errorf("kind %q, shape %v, classes %v", d.Kind, d.Shape, d.Classes)
	}
	if d.Train.Len() != 8 || d.Test.Len() != 3 || d.Val.Len() != 0 {
		t.Fatalf("%d training, %d validation, %d test rows", d.Train.Len(), d.Val.Len(), d.Test.Len())
	}
	x := make([]float32, d.Features())
	d.Train.Read(x, 7)
	for j, got := range x {
		if want := float32(float64(7*6+j) / 255); got != want {
			t.Errorf("row 7, pixel %d: %g, want %g", j, got, want)
		}
	}
	d.Test.Read(x, 0)
	if x[1] != float32(1)/255 || d.Test.ID(0) != 8 || d.Test.Label(0) != 2 {
		t.Errorf("first test row: pixels %v, id %d, label %d", x, d.Test.ID(0), d.Test.Label(0))
	}
	if got := d.Train.Counts(); !slices.Equal(got, []int{3, 3, 2}) {
		t.Errorf("training counts %v", got)
	}
}

// Compression and place change nothing.
func TestIDXGzip(t *testing.T) {
	plain := open(t, Spec{Data: "idx:" + writeAll(t, idxFiles())})
	packed := map[string][]byte{}
	for name, content := range idxFiles() {
		packed[name+".gz"] = gzipped(content)
	}
	d := open(t, Spec{Data: "idx:" + writeAll(t, packed)})
	if d.Fingerprint != plain.Fingerprint {
		t.Errorf("fingerprint %s, plain %s", d.Fingerprint, plain.Fingerprint)
	}
}

// The rows kept after a long tail and a validation split carry their pixels.
func TestIDXRowsKeepTheirPixels(t *testing.T) {
	d := open(t, Spec{Data: "idx:" + writeAll(t, idxFiles()), LongTail: 2, ValFraction: 0.5})
	x := make([]float32, d.Features())
	for _, s := range []*Set{d.Train, d.Val} {
		if s.Len() == 0 {
			t.Fatal("no rows")
		}
		for i := range s.Len() {
			s.Read(x, i)
			if want := float32(s.ID(i)*6) / 255; x[0] != want {
				t.Errorf("row %d begins with %g, want %g", s.ID(i), x[0], want)
			}
		}
	}
}

func TestIDXErrors(t *testing.T) {
	const X, Y, TX, TY = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
	packed := gzipped(idxImagesOf(8, 2, 3))
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-8] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		file    string // put in place of the valid one; nil content removes it
		content []byte
		want    []string
	}{
		"no file":           {TX, nil, []string{TX, "no such file"}},
		"empty file":        {X, []byte{}, []string{X, "header of 16 bytes", "ends after 0"}},
		"half a header":     {X, words(idxImages, 8), []string{X, "header of 16 bytes", "ends after 8"}},
		"wrong magic":       {X, idxLabelsOf(1, 2, 3, 4, 5, 6, 7, 8, 9), []string{X, "2051", "2049"}},
		"images as labels":  {Y, idxImagesOf(8, 2, 3), []string{Y, "2049", "2051"}},
		"no rows":           {X, idxImagesOf(0, 2, 3), []string{X, "0 rows"}},
		"huge header":       {X, words(idxImages, 1<<32-1, 28, 28), []string{X, "4294967295 rows"}},
		"lying header":      {X, words(idxImages, 1<<30, 4096, 4096), []string{X, "18014398509481984 bytes follow", "at most 0"}},
		"huge images":       {X, words(idxImages, 1, 1<<20, 2), []string{X, "1048576x2", "1..4096"}},
		"flat images":       {X, words(idxImages, 8, 0, 3), []string{X, "0x3"}},
		"cut short":         {X, idxImagesOf(8, 2, 3)[:50], []string{X, "48 bytes follow", "at most 34"}},
		"too long":          {X, append(idxImagesOf(8, 2, 3), 1), []string{X, "more follow"}},
		"gzip cut short":    {X, packed[:len(packed)-12], []string{X, "gzip stream is cut short"}},
		"gzip header cut":   {X, packed[:5], []string{X, "gzip"}},
		"gzip damaged":      {X, damaged, []string{X, "damaged"}},
		"gzip lying":        {X, gzipped(append(words(idxImages, 1<<20, 28, 28), 1, 2, 3)), []string{X, "822083584 bytes follow"}},
		"gzip short inside": {X, gzipped(idxImagesOf(8, 2, 3)[:60]), []string{X, "48 bytes follow", "after 44"}},
		"fewer labels":      {Y, idxLabelsOf(0, 1, 2), []string{Y, "8 labels", X, "found 3"}},
		"other size":        {TX, idxImagesOf(3, 3, 2), []string{TX, "2x3", "3x2"}},
		"missing class":     {Y, idxLabelsOf(0, 1, 3, 0, 1, 3, 0, 1), []string{Y, "class 2", "no training sample"}},
		"single class":      {Y, idxLabelsOf(0, 0, 0, 0, 0, 0, 0, 0), []string{Y, "at least 2 classes"}},
		"label too large":   {TY, idxLabelsOf(0, 3, 0), []string{TY, "row 1", "label 3", "0..2"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := idxFiles()
			files[c.file] = c.content
			if c.content == nil {
				delete(files, c.file)
			}
			_, err := Open(t.Context(), Spec{Data: "idx:" + writeAll(t, files)})
			wantError(t, err, c.want...)
		})
	}
}

func TestIDXNoDirectory(t *testing.T) {
	_, err := Open(t.Context(), Spec{Data: "idx:/no/such/place"})
	wantError(t, err, "/no/such/place", "no such directory", "train-images-idx3-ubyte")
}

func FuzzIDX(f *testing.F) {
	f.Add(idxImagesOf(3, 2, 2))
	f.Add(idxLabelsOf(1, 2, 3))
	f.Add(words(idxImages, 1<<30, 4096, 4096))
	f.Add(gzipped(idxImagesOf(3, 2, 2)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := filepath.Dir(write(t, "f", content))
		if im, err := readIDX(t.Context(), dir, "f", newRoom(&Spec{}), readImages); err == nil {
			if im.n < 1 || len(im.pixels) != im.n*im.h*im.w {
				t.Errorf("%d pixels of %d images of %dx%d", len(im.pixels), im.n, im.h, im.w)
			}
			again := append(words(idxImages, im.n, im.h, im.w), im.pixels...)
			if content[0] == 0 && !bytes.Equal(again, content) {
				t.Error("what was read is not what was written")
			}
		}
		if y, err := readIDX(t.Context(), dir, "f", newRoom(&Spec{}), readLabels); err == nil && len(y.labels) < 1 {
			t.Error("no labels and no error")
		}
	})
}

// Images are read with a stored model's classes, which rows need not cover.
func TestIDXStoredPrep(t *testing.T) {
	dir := writeAll(t, idxFiles())
	p := open(t, Spec{Data: "idx:" + dir}).Prep
	if open(t, Spec{Data: "idx:" + dir, Prep: &p}).Prep.Kind != Image {
		t.Error("the stored preprocessing is not returned")
	}
	p.Classes = []string{"0", "1", "2", "3"}
	if d := open(t, Spec{Data: "idx:" + dir, Prep: &p}); len(d.Train.Counts()) != 4 {
		t.Errorf("%d classes, want the stored 4", len(d.Train.Counts()))
	}
	p.Classes = []string{"0", "1"}
	_, err := Open(t.Context(), Spec{Data: "idx:" + dir, Prep: &p})
	wantError(t, err, "train-labels-idx1-ubyte", "row 2", "label 2", "the model's labels are 0..1")
	p.Shape = []int{1, 28, 28}
	_, err = Open(t.Context(), Spec{Data: "idx:" + dir, Prep: &p})
	wantError(t, err, dir, "[1 28 28]", "[1 2 3]")
	p.Classes = []string{"A", "B"}
	_, err = Open(t.Context(), Spec{Data: "glyphs", Prep: &p})
	wantError(t, err, "glyphs", "A, B", "stored model")
}
