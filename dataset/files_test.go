package dataset

import (
	"errors"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// copied puts the files of a source into another directory under their names,
// as a node that has fetched them has them.
func copied(t *testing.T, f Files) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range f.Names {
		to := filepath.Join(dir, filepath.FromSlash(name))
		content, err := os.ReadFile(f.Paths[i])
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o777)
		}
		if err == nil {
			err = os.WriteFile(to, content, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return f.At(dir, f.Names)
}

// TestPictureFiles: with the files of a folder of pictures, or of a list of
// them, the data are the same at another place.
func TestPictureFiles(t *testing.T) {
	files := map[string][]byte{
		"train/cat/notes.txt": nil, "train/.hidden/1.png": nil, "train/cat/.1.png": nil, "README.md": nil,
		"list.csv": []byte("path,kind\ntrain/cat/1.png,a\n./train/dog/3.png,b\ntest/dog/1.png,a\ntest/cat/4.png,b\ntrain/cat/1.png,a\n"),
	}
	for i, name := range []string{"train/cat/1.png", "train/cat/deep/2.PNG", "train/dog/3.png", "test/cat/4.png", "test/dog/1.png"} {
		files[name] = dot(t, 4, 6, color.Gray{uint8(40 * i)})
	}
	dir := writeTree(t, files)
	list := filepath.Join(dir, "list.csv")
	for _, c := range []struct {
		place string
		names []string
	}{
		{dir, []string{"train/cat/1.png", "train/cat/deep/2.PNG", "train/dog/3.png", "test/cat/4.png", "test/dog/1.png"}},
		{filepath.Join(dir, "train"), []string{"cat/1.png", "cat/deep/2.PNG", "dog/3.png"}},
		{list, []string{"list.csv", "train/cat/1.png", "train/dog/3.png", "test/dog/1.png", "test/cat/4.png"}},
	} {
		s := Spec{Data: "images:" + c.place}
		f, err := FilesOf(t.Context(), s.Data, s)
		if err != nil || !slices.Equal(f.Names, c.names) {
			t.Errorf("%s: %q, want %q (%v)", c.place, f.Names, c.names, err)
			continue
		}
		there := open(t, Spec{Data: copied(t, f)})
		if here := open(t, s); here.Fingerprint != there.Fingerprint {
			t.Errorf("%s: other data at another place", c.place)
		}
	}
}

// TestPictureFilesMissing: what is not here is told from what cannot be given.
func TestPictureFilesMissing(t *testing.T) {
	image := dot(t, 4, 4, color.White)
	dir := writeTree(t, map[string][]byte{
		"in/1.png": image, "gone.csv": []byte("in/1.png,a\nin/2.png,b\n"), "up.csv": []byte("in/1.png,a\n../1.png,b\n"),
	})
	absolute := "in/1.png,a\n" + filepath.Join(dir, "in", "1.png") + ",b\n"
	if err := os.WriteFile(filepath.Join(dir, "absolute.csv"), []byte(absolute), 0o600); err != nil {
		t.Fatal(err)
	}
	for place, missing := range map[string]bool{
		"nowhere": true, "nowhere/list.csv": true, "in": true, "gone.csv": true, "up.csv": false, "absolute.csv": false,
	} {
		word := "images:" + filepath.Join(dir, place)
		_, err := FilesOf(t.Context(), word, Spec{Data: word})
		if err == nil || errors.Is(err, fs.ErrNotExist) != missing {
			t.Errorf("%s: %v, want one that says it is missing: %v", place, err, missing)
		}
		if !missing {
			wantError(t, err, place, "below its directory")
		}
	}
}
