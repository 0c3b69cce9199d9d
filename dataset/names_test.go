package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
)

func TestClassNames(t *testing.T) {
	numbered := open(t, Spec{Data: "idx:" + writeAll(t, idxFiles())})
	for name, text := range map[string]string{
		"plain":          "shoe\nT-shirt/top\nAnkle boot\n",
		"another editor": "\ufeffshoe \r\nT-shirt/top\r\nAnkle boot\r\n\r\n",
	} {
		files := idxFiles()
		files[namesFile] = []byte(text)
		d := open(t, Spec{Data: "idx:" + writeAll(t, files)})
		if want := []string{"shoe", "T-shirt/top", "Ankle boot"}; !slices.Equal(d.Classes, want) || !slices.Equal(d.Prep.Classes, want) {
			t.Errorf("%s: classes %q, stored %q", name, d.Classes, d.Prep.Classes)
		}
		if d.Fingerprint == numbered.Fingerprint {
			t.Errorf("%s: names do not show in the fingerprint", name)
		}
		if far := open(t, Spec{Data: "idx:" + serve(t, files)}); far.Fingerprint != d.Fingerprint {
			t.Errorf("%s: other names from a server: %q", name, far.Classes)
		}
		// A stored model keeps the names that it was trained with.
		if d := open(t, Spec{Data: "idx:" + writeAll(t, files), Prep: &numbered.Prep}); d.Classes[0] != "0" {
			t.Errorf("%s: classes %q with a stored model", name, d.Classes)
		}
	}
}

func TestClassNamesErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":     {"", []string{"classes.txt: expected 3 names", "found 0"}},
		"too few":   {"a\nb\n", []string{"classes.txt: expected 3 names", "found 2"}},
		"too many":  {"a\nb\nc\n\nd\n", []string{"classes.txt:5", "3 names", "more follow"}},
		"twice":     {"a\nb\na\n", []string{"classes.txt:3", `"a"`, "class 0"}},
		"not UTF-8": {"a\nb\xff\nc\n", []string{"classes.txt:2", "UTF-8"}},
		"cut gzip":  {string(gzipped([]byte("a\nb\nc\n"))[:20]), []string{"classes.txt", "cut short"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := idxFiles()
			files[namesFile] = []byte(c.text)
			_, err := Open(t.Context(), Spec{Data: "idx:" + writeAll(t, files)})
			wantError(t, err, c.want...)
		})
	}
}

// The digest by which published sets are known is that of the file.
func TestLabelsDigest(t *testing.T) {
	file := idxLabelsOf(2, 1, 0, 255)
	sum := sha256.Sum256(file)
	y := labels{labels: []int32{2, 1, 0, 255}}
	if got, want := y.digest(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for digest, names := range published {
		distinct := slices.Compact(slices.Sorted(slices.Values(names)))
		if b, err := hex.DecodeString(digest); err != nil || len(b) != sha256.Size || len(distinct) != len(names) {
			t.Errorf("%s: %q", digest, names)
		}
	}
}
