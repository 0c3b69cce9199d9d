package frame

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestARFF(t *testing.T) {
	const text = "% a comment, it's \"one\n@RELATION r\n\n@attribute 'body mass' NUMERIC\n@attribute colour {red, green}\n@Attribute\tclass\t{yes,no}\n@data\n" +
		"1.5,red,yes\n% another\n?, 'green' ,no\n"
	d, err := SniffARFF("f.arff", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Parse(t.Context(), "f.arff", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	check(t, f)
	if diff := cmp.Diff([]float64{1.5, 0, 0, math.NaN(), 1, 1}, f.Cells, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(f.Names(), []string{"body mass", "colour", "class"}) || !slices.Equal(f.Lines, []int32{8, 10}) {
		t.Errorf("names %q, lines %v", f.Names(), f.Lines)
	}
	for text, want := range map[string][]string{
		"":                              {"f.arff", "no @data"},
		"1,2\n":                         {"f.arff:1", "@attribute"},
		"@attribute x\n@data\n":         {"f.arff:1", "name of an attribute"},
		"@attribute x int\n":            {"f.arff:1", `"x"`, "numeric"},
		"@attribute x real\n@data\n1\n": {"f.arff:2", "at least 2"},
		"@attribute x real\n@attribute y real\n@data\n{0 1\n":            {"f.arff:4", "}"},
		"@attribute x real\n@attribute y real\n@data\n{2 1}\n":           {"f.arff:4", "index 2", "0..1"},
		"@attribute x real\n@attribute y real\n@data\n{1 1,0 2}\n":       {"f.arff:4", "ascending"},
		"@attribute x real\n@attribute y real\n@data\n{x 1}\n":           {"f.arff:4", "INDEX VALUE"},
		"@attribute x real\n@attribute y real\n@data\n{01}\n":            {"f.arff:4", "INDEX VALUE"},
		"@attribute x real\n@attribute y real\n@data\n{0 'a}\n":          {"f.arff:4", "does not close"},
		"@attribute x real\n@attribute y real\n@data\n1,2\n\n% x\n1\n":   {"f.arff:7", "found 1"},
		"@attribute 'x real\n@data\n":                                    {"f.arff:1", "does not close"},
		"@relation r\n@attribute \xff real\n@attribute y real\n@data\n1": {"f.arff:2", "UTF-8"},
	} {
		d, err := SniffARFF("f.arff", []byte(text))
		if err == nil {
			_, err = d.Parse(t.Context(), "f.arff", []byte(text))
		}
		wantError(t, err, want...)
	}
}

// TestSparseARFF: a sparse row is the dense row that it stands for.
func TestSparseARFF(t *testing.T) {
	head := "@relation r\n@attribute x numeric\n@attribute colour {'deep red', blue}\n@attribute note string\n@attribute class {0,1}\n@data\n"
	parse := func(rows string) *Frame {
		d, err := SniffARFF("f", []byte(head+rows))
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.Parse(t.Context(), "f", []byte(head+rows))
		if err != nil {
			t.Fatal(err)
		}
		check(t, f)
		return f
	}
	dense := parse("0,'deep red',?,0\n2.5,blue,'a, b',1\n0,'deep red',?,1\n?,'deep red','}',0\n0,blue,?,0\n")
	sparse := parse("{}\n{0 2.5, 1 blue,2 'a, b', 3 1}\n% a comment\n{ 3 1 }\n{0 ?,\t2 '}'}\n0,blue,?,0\n")
	if diff := cmp.Diff(dense.Cells, sparse.Cells, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-dense +sparse):\n%s", diff)
	}
	if !slices.EqualFunc(dense.Columns, sparse.Columns, func(a, b Column) bool { return slices.Equal(a.Texts, b.Texts) }) {
		t.Errorf("columns %+v, dense %+v", sparse.Columns, dense.Columns)
	}
}

func TestLibSVM(t *testing.T) {
	f, err := ParseLibSVM(t.Context(), "f.svm", []byte("+1 1:0.5 3:-2 # note\n\n-1 qid:7 2:1e3\n+1\n"), 6)
	if err != nil {
		t.Fatal(err)
	}
	check(t, f)
	want := []float64{0, .5, 0, -2, 0, 0, 0, 0, 1000, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	if !slices.Equal(f.Cells, want) || !slices.Equal(f.Columns[5].Texts, []string{"+1", "-1"}) || !slices.Equal(f.Lines, []int32{1, 3, 4}) {
		t.Errorf("cells %v, labels %q, lines %v", f.Cells, f.Columns[5].Texts, f.Lines)
	}
	for text, want := range map[string][]string{
		"":                          {"f.svm", "empty"},
		"1 2:3 x\n":                 {"f.svm:1", "INDEX:VALUE", `"x"`},
		"1 1:1\n2 2:x\n":            {"f.svm:2", "index 2", `"x"`},
		"1 2:1 2:1\n":               {"f.svm:1", "ascending", "2 after 2"},
		"1:1 2:1\n":                 {"f.svm:1", "label first"},
		"1 999999999:1\n1 1:1\n":    {"f.svm:1", "so wide"},
		"1 99999999999999999:1\n":   {"f.svm:1", "INDEX:VALUE"},
		"1 1:1\n1 -1:1\n":           {"f.svm:2", "INDEX:VALUE"},
		"1 1:1\n\xff 1:1\n":         {"f.svm:2", "UTF-8"},
		"# only\n   \n# comments\n": {"f.svm", "empty"},
	} {
		_, err := ParseLibSVM(t.Context(), "f.svm", []byte(text), 0)
		wantError(t, err, want...)
	}
}

// npy writes a file of version 1.
func npy(descr, order, shape string, body []byte) []byte {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", descr, order, shape)
	head += strings.Repeat(" ", 63-(len(head)+10)%64) + "\n"
	return slices.Concat([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(head))), []byte(head), body)
}

// Few values may stand for too many cells.
func TestLibSVMTooDense(t *testing.T) {
	_, err := ParseLibSVM(t.Context(), "f.svm", []byte("1 1000000:1\n"+strings.Repeat("1 1:1\n", 300)), 0)
	wantError(t, err, "f.svm", "301 rows of 1000002 values", "densely")
}

func TestNPY(t *testing.T) {
	for descr, body := range map[string][]byte{
		"|u1": {1, 2, 3, 4, 5, 6},
		"|i1": {1, 2, 3, 4, 5, 6},
		"<i2": {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0},
		">u2": {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6},
		"<f2": {0, 0x3c, 0, 0x40, 0, 0x42, 0, 0x44, 0, 0x45, 0, 0x46},
		"<f4": floats(func(b []byte, x float64) []byte {
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
		}),
		">f8": floats(func(b []byte, x float64) []byte { return binary.BigEndian.AppendUint64(b, math.Float64bits(x)) }),
		"<i8": floats(func(b []byte, x float64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(x)) }),
	} {
		for order, want := range map[string][]float64{"False": {1, 2, 3, 4, 5, 6}, "True": {1, 3, 5, 2, 4, 6}} {
			a, err := ParseNPY(npy(descr, order, "2, 3", body))
			if err != nil {
				t.Fatalf("%s: %v", descr, err)
			}
			f, err := FromArrays("f.npy", a, nil)
			if err != nil {
				t.Fatalf("%s: %v", descr, err)
			}
			if !slices.Equal(f.Cells, want) || f.Rows != 2 {
				t.Errorf("%s, %s: %v, want %v", descr, order, f.Cells, want)
			}
		}
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":   {nil, "NPY"},
		"another": {[]byte("PK\x03\x04 and so on"), "NPY"},
		"text":    {npy("<U5", "False", "2, 3", make([]byte, 120)), `"U5"`},
		"objects": {npy("|O", "False", "2", make([]byte, 16)), `"O"`},
		"short":   {npy("<f8", "False", "2, 3", make([]byte, 47)), "47 bytes"},
		"long":    {npy("<f8", "False", "2, 3", make([]byte, 49)), "49 bytes"},
		"huge":    {npy("<f8", "False", "2000000000, 2000000000, 2000000000", nil), "holds 0 bytes"},
		"none":    {npy("<f8", "False", "0, 3", nil), "at least 1"},
		"cut":     {npy("<f8", "False", "2, 3", nil)[:40], "cut short"},
	} {
		_, err := ParseNPY(c.content)
		t.Log(name)
		wantError(t, err, c.want)
	}
}

func floats(add func(b []byte, x float64) []byte) []byte {
	var b []byte
	for x := 1.0; x <= 6; x++ {
		b = add(b, x)
	}
	return b
}

func FuzzFormats(f *testing.F) {
	f.Add([]byte("@attribute x real\n@attribute y {a,b}\n@data\n1,a\n"))
	f.Add([]byte("@attribute x real\n@attribute y {a,b}\n@data\n{1 b}\n{0 2}\n{}\n"))
	f.Add([]byte("@attribute x real\n\u0085\n@attribute y {a,b}\n@data\n1,a\n"))
	f.Add([]byte("+1 1:0.5 3:-2\n-1 2:1\n"))
	f.Add(npy("<f4", "True", "2, 1", make([]byte, 8)))
	f.Fuzz(func(t *testing.T, content []byte) {
		if d, err := SniffARFF("f", content); err == nil {
			if got, err := d.Parse(t.Context(), "f", content); err == nil {
				check(t, got)
			} else if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("error without the file: %v", err)
			}
		}
		if got, err := ParseLibSVM(t.Context(), "f", content, 0); err == nil && len(got.Cells) < 1<<20 {
			check(t, got)
		}
		if a, err := ParseNPY(bytes.Clone(content)); err == nil && a.Len() != max(len(a.Bytes), len(a.Values)) {
			t.Errorf("%v: %d bytes, %d values", a.Shape, len(a.Bytes), len(a.Values))
		}
	})
}
