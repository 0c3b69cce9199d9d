package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npy writes an array of float64, or of unsigned bytes.
func npy(shape string, values []float64, small bool) []byte {
	descr := "<f8"
	var body []byte
	for _, x := range values {
		if small {
			descr = "|u1"
			body = append(body, uint8(x))
		} else {
			body = binary.LittleEndian.AppendUint64(body, math.Float64bits(x))
		}
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", descr, shape)
	return slices.Concat([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(head))), []byte(head), body)
}

func npz(t *testing.T, arrays map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range arrays {
		w, err := z.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The same rows from every format of tables are the same samples.
func TestTableFormats(t *testing.T) {
	rows := []string{"1,10,0", "2,20,1", "3,30,0", "4,40,1", "5,50,0", "6,60,1"}
	var matrix, x, y []float64
	arff := "@relation r\n@attribute a real\n@attribute b integer\n@attribute class {0,1}\n@data\n"
	svm := ""
	for i, row := range rows {
		x = append(x, float64(i+1), float64(10*i+10))
		y = append(y, float64(i%2))
		matrix = append(matrix, float64(i+1), float64(10*i+10), float64(i%2))
		arff += row + "\n"
		svm += fmt.Sprintf("%d 0:%d 1:%d\n", i%2, i+1, 10*i+10)
	}
	want := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(strings.Join(rows, "\n")))})
	for word, content := range map[string][]byte{
		"arff:f.arff":   []byte(arff),
		"arff:f.gz":     gzipped([]byte(arff)),
		"libsvm:f.svm":  []byte(svm),
		"npy:f.npy":     npy("6, 3", matrix, false),
		"npz:f.npz":     npz(t, map[string][]byte{"x": npy("6, 2", x, false), "y": npy("6,", y, true)}),
		"npz:other.npz": npz(t, map[string][]byte{"data": npy("6, 2", x, true), "labels": npy("6,", y, false)}),
	} {
		kind, name, _ := strings.Cut(word, ":")
		s := Spec{Data: kind + ":" + write(t, name, content)}
		d := open(t, s)
		if kind == strings.TrimPrefix(filepath.Ext(name), ".") {
			s.Data = strings.TrimPrefix(s.Data, kind+":") // told by its name
			if bare := open(t, s); bare.Fingerprint != d.Fingerprint || SourceName(s.Data) != kind {
				t.Errorf("%s without the source: other data", word)
			}
		}
		if !slices.Equal(d.Train.values, want.Train.values) || !slices.Equal(d.Test.ids, want.Test.ids) || !slices.Equal(d.Classes, want.Classes) {
			t.Errorf("%s: values %v, classes %q; want %v, %q", word, d.Train.values, d.Classes, want.Train.values, want.Classes)
		}
	}
}

// A test file of LibSVM with fewer columns, as of a9a, has zeros there.
func TestLibSVMNarrowTest(t *testing.T) {
	train := write(t, "a", []byte("1 0:1 2:5\n-1 0:2 2:6\n1 0:3\n-1 0:1\n"))
	test := write(t, "a.t", []byte("1 0:1\n"))
	d := open(t, Spec{Data: "libsvm:" + train, TestData: "libsvm:" + test})
	if d.Features() != 2 || d.Test.Len() != 1 {
		t.Errorf("%d features, %d test rows", d.Features(), d.Test.Len())
	}
	again := open(t, Spec{Data: "libsvm:" + test, TestData: "libsvm:" + test, Prep: &d.Prep})
	if !slices.Equal(again.Test.values, d.Test.values) {
		t.Errorf("with a stored model: %v, want %v", again.Test.values, d.Test.values)
	}
}

func TestArrayErrors(t *testing.T) {
	y := npy("2,", []float64{0, 1}, true)
	for name, c := range map[string]struct {
		content []byte
		want    []string
	}{
		"no archive": {[]byte("x"), []string{"f.npz", "NPZ"}},
		"no x":       {npz(t, map[string][]byte{"y": y}), []string{"f.npz", "x, X, data", "found y"}},
		"no y":       {npz(t, map[string][]byte{"x": npy("2, 1", []float64{0, 1}, true)}), []string{"f.npz", "y, Y", "found x"}},
		"labels":     {npz(t, map[string][]byte{"x": npy("3, 1", []float64{0, 1, 2}, true), "y": y}), []string{"f.npz", "a label for each row"}},
		"a vector":   {npz(t, map[string][]byte{"x": y, "y": y}), []string{"f.npz", "a matrix", "[2]"}},
		"infinite":   {npz(t, map[string][]byte{"x": npy("2, 1", []float64{1, math.Inf(1)}, false), "y": y}), []string{"f.npz: row 1, column 0", "finite"}},
		"damaged":    {npz(t, map[string][]byte{"x": []byte("no"), "y": y}), []string{"f.npz: x.npy", "NPY"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Spec{Data: "npz:" + write(t, "f.npz", c.content)})
			wantError(t, err, c.want...)
		})
	}
}

// Many files are one table, and every row knows its own.
func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"part-2.csv": "y,x,class\n30,3,a\n40,4,b\n", "part-1.csv": "x,y,class\n1,10,a\n2,20,b\n", "part-3.csv": "x,y,class\n5,50,a\n6,60,b\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	glob := "csv:" + filepath.Join(dir, "part-*.csv")
	d := open(t, Spec{Data: glob, TestData: glob})
	one := "csv:" + write(t, "f.csv", []byte("x,y,class\n"+plain))
	if want := open(t, Spec{Data: one, TestData: one}); d.Fingerprint != want.Fingerprint {
		t.Errorf("values %v, want %v", d.Train.values, want.Train.values)
	}
	bad := filepath.Join(dir, "part-4.csv")
	if err := os.WriteFile(bad, []byte("x,y,class\n7,70,a\n8,80,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Spec{Data: glob})
	wantError(t, err, bad+":3", "expected a label")
	_, err = Open(t.Context(), Spec{Data: "csv:" + filepath.Join(dir, "none-*.csv")})
	wantError(t, err, "none-*.csv", "no file matches")
}
