package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// dot returns a PNG of one colour with a black corner.
func dot(t *testing.T, h, w int, c color.Color) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, c)
		}
	}
	m.Set(0, 0, color.Black)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeTree(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFolder(t *testing.T) {
	red, grey := color.NRGBA{200, 0, 0, 255}, color.Gray{100}
	files := map[string][]byte{
		"cat/b.png": dot(t, 2, 3, red), "cat/a.png": dot(t, 2, 3, grey), "dog/x/1.PNG": dot(t, 2, 3, grey), "dog/2.png": dot(t, 2, 3, grey),
		"dog/notes.txt": []byte("no image"), "dog/.hidden.png": []byte("no image"), "list.txt": nil,
	}
	d := open(t, Spec{Data: "images:" + writeTree(t, files)})
	if !slices.Equal(d.Shape, []int{3, 2, 3}) || !slices.Equal(d.Classes, []string{"cat", "dog"}) || d.Train.Len() != 2 || d.Test.Len() != 2 {
		t.Fatalf("shape %v, classes %q, %d and %d rows", d.Shape, d.Classes, d.Train.Len(), d.Test.Len())
	}
	for _, set := range []*Set{d.Train, d.Test} {
		for i := range set.Len() {
			want := []uint8{0, 100, 100, 100, 100, 100, 0, 100, 100, 100, 100, 100, 0, 100, 100, 100, 100, 100}
			if set.ID(i) == 1 { // cat/b, behind cat/a
				want = []uint8{0, 200, 200, 200, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
			}
			if got := set.pixels[i*18 : (i+1)*18]; !slices.Equal(got, want) {
				t.Errorf("row %d: %v, want %v", set.ID(i), got, want)
			}
		}
	}
	delete(files, "cat/b.png")
	files["cat/b.png"] = dot(t, 2, 3, grey)
	all := writeTree(t, files)
	if d := open(t, Spec{Data: "images:" + all}); !slices.Equal(d.Shape, []int{1, 2, 3}) {
		t.Errorf("grey images: shape %v", d.Shape)
	}
	coloured := d.Prep
	if d := open(t, Spec{Data: "images:" + all, Prep: &coloured}); !slices.Equal(d.Shape, []int{3, 2, 3}) {
		t.Errorf("grey images for a model of colours: shape %v", d.Shape)
	}
	if d := open(t, Spec{Data: "images:" + all, ImageSize: "4x6"}); !slices.Equal(d.Shape, []int{1, 4, 6}) {
		t.Errorf("another size: shape %v", d.Shape)
	}
}

// Folders train and test, and JPEG.
func TestFolderParts(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	d := open(t, Spec{Data: "images:" + writeTree(t, map[string][]byte{
		"train/1/a.jpg": b.Bytes(), "train/10/a.jpeg": b.Bytes(), "train/9/a.png": dot(t, 8, 8, color.White), "test/9/b.jpg": b.Bytes(),
	})})
	if !slices.Equal(d.Classes, []string{"1", "9", "10"}) || d.Train.Len() != 3 || d.Test.Len() != 1 || d.Test.Label(0) != 1 {
		t.Errorf("classes %q, %d and %d rows", d.Classes, d.Train.Len(), d.Test.Len())
	}
}

func TestListedImages(t *testing.T) {
	dir := writeTree(t, map[string][]byte{
		"all.csv": []byte("kind,file\nb,x/1.png\na,2.png\nb,2.png\na,x/1.png\n"),
		"x/1.png": dot(t, 2, 2, color.White), "2.png": dot(t, 2, 2, color.Gray{9}),
	})
	d := open(t, Spec{Data: "images:" + filepath.Join(dir, "all.csv"), Label: "kind"})
	if !slices.Equal(d.Classes, []string{"a", "b"}) || d.Train.Len()+d.Test.Len() != 4 {
		t.Errorf("classes %q, %d rows", d.Classes, d.Train.Len()+d.Test.Len())
	}
}

func TestFolderErrors(t *testing.T) {
	white := dot(t, 2, 2, color.White)
	for name, c := range map[string]struct {
		files map[string][]byte
		s     Spec
		want  []string
	}{
		"none":       {map[string][]byte{"a/x.txt": nil}, Spec{}, []string{"a folder for each class"}},
		"one class":  {map[string][]byte{"a/x.png": white}, Spec{}, []string{"at least 2 classes", "a"}},
		"no image":   {map[string][]byte{"a/x.png": white, "b/y.png": []byte("text")}, Spec{}, []string{"b/y.png", "PNG or JPEG"}},
		"cut":        {map[string][]byte{"a/x.png": white, "b/y.png": white[:len(white)-20]}, Spec{}, []string{"b/y.png", "damaged"}},
		"sizes":      {map[string][]byte{"a/x.png": white, "b/y.png": dot(t, 3, 2, color.White)}, Spec{}, []string{"b/y.png", "3x2", "2x2", "--image-size 2x2"}},
		"a size":     {map[string][]byte{"a/x.png": white}, Spec{ImageSize: "big"}, []string{`"big"`, "24x32"}},
		"test class": {map[string][]byte{"train/a/x.png": white, "train/b/x.png": white, "test/c/x.png": white}, Spec{}, []string{"test/c/x.png", `"c"`, "a, b"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.Data = "images:" + writeTree(t, c.files)
			_, err := Open(t.Context(), c.s)
			wantError(t, err, c.want...)
		})
	}
}

// resize keeps what is constant, and the mean of what is made smaller by a
// whole number.
func TestResize(t *testing.T) {
	src := []uint8{0, 100, 10, 30, 200, 100, 50, 70}
	dst := make([]uint8, 2)
	resize(dst, imageSize{1, 2}, src, imageSize{2, 4})
	if !slices.Equal(dst, []uint8{100, 40}) {
		t.Errorf("%v, want 100 and 40", dst)
	}
	for _, to := range []imageSize{{1, 1}, {3, 5}, {7, 2}, {40, 30}} {
		dst := make([]uint8, to.h*to.w)
		resize(dst, to, slices.Repeat([]uint8{77}, 6*5), imageSize{6, 5})
		if slices.ContainsFunc(dst, func(p uint8) bool { return p != 77 }) {
			t.Errorf("%v: %v", to, dst)
		}
	}
}

func TestCIFAR(t *testing.T) {
	record := func(label, pixel uint8) []byte {
		return append([]byte{label}, slices.Repeat([]byte{pixel}, cifarPixels)...)
	}
	files := map[string][]byte{"test_batch.bin": record(3, 200), "batches.meta.txt": []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n")}
	for i, name := range cifar10.train {
		files[name] = slices.Concat(record(uint8(2*i), uint8(i)), record(uint8(2*i+1), uint8(i)))
	}
	files["data_batch_2.bin.gz"] = gzipped(files["data_batch_2.bin"])
	delete(files, "data_batch_2.bin")
	d := open(t, Spec{Data: "cifar10:" + writeTree(t, files)})
	if d.Train.Len() != 10 || d.Test.Len() != 1 || d.Test.Label(0) != 3 || d.Classes[9] != "j" || !slices.Equal(d.Shape, []int{3, 32, 32}) ||
		d.Train.pixels[2*cifarPixels] != 1 || d.Test.pixels[0] != 200 {
		t.Errorf("%d and %d rows, classes %q", d.Train.Len(), d.Test.Len(), d.Classes)
	}
	files["test_batch.bin"] = append(record(3, 1), 9)
	_, err := Open(t.Context(), Spec{Data: "cifar10:" + writeTree(t, files)})
	wantError(t, err, "test_batch.bin", "records of 3073 bytes", "3074")
	files["test_batch.bin"] = record(10, 1)
	_, err = Open(t.Context(), Spec{Data: "cifar10:" + writeTree(t, files)})
	wantError(t, err, "test_batch.bin", "record 0", "label 10")
	_, err = Open(t.Context(), Spec{Data: "cifar100:" + t.TempDir()})
	wantError(t, err, "train.bin", "binary version")
}
