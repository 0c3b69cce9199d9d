package dataset

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plain is a small valid table without header.
const plain = "1,10,a\n2,20,b\n3,30,a\n4,40,b\n5,50,a\n6,60,b\n"

// The label column is found, wherever it is.
func TestLabelColumn(t *testing.T) {
	for _, c := range []struct{ text, label, want string }{
		{"a,1,2\nb,3,4\n", "0", "0"},
		{"x,class,y\n1,a,2\n3,b,4\n", "-2", "class"},
		{"x,class,y\n1,a,2\n3,b,4\n", "class", "class"},
		{"1,2,a\n3,4,b\n", "", "2"},
	} {
		d := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(c.text)), Label: c.label, TestData: "csv:" + write(t, "f.csv", []byte(c.text))})
		if d.Prep.Label != c.want || !slices.Equal(d.Classes, []string{"a", "b"}) || d.Features() != 2 {
			t.Errorf("%q: label %q, classes %q, %d features", c.text, d.Prep.Label, d.Classes, d.Features())
		}
	}
}

func TestTableErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		s    Spec
		want []string
	}{
		"empty label":    {plain + "7,70,\n", Spec{}, []string{"f.csv:7", "column index 2", "label", "empty"}},
		"a slip":         {"x,y,class\n" + strings.Repeat(plain, 5) + "7,ten,a\n", Spec{}, []string{"f.csv:32", `column index 1 ("y")`, `"ten"`, "--categorical", "--drop"}},
		"Inf":            {strings.Repeat(plain, 5) + "-Inf,70,a\n", Spec{}, []string{"f.csv:31", "column index 0", `"-Inf"`}},
		"out of range":   {strings.Repeat(plain, 5) + "1e999,70,a\n", Spec{}, []string{"f.csv:31", "1e999"}},
		"unknown label":  {"age,size,class\n1,2,a\n", Spec{Label: "clas"}, []string{`"clas"`, `did you mean "class"`, "age, size, class"}},
		"unknown, far":   {"age,size,class\n1,2,a\n", Spec{Label: "wrongly"}, []string{"not in the header;", "age, size, class"}},
		"no header":      {plain, Spec{Label: "class"}, []string{`"class"`, "no names", "0..2"}},
		"large index":    {plain, Spec{Label: "3"}, []string{"label column 3", "0..2", "-3"}},
		"small index":    {plain, Spec{Label: "-4"}, []string{"label column -4", "0..2"}},
		"label twice":    {"class,x,class\na,1,b\n", Spec{Label: "class"}, []string{"twice"}},
		"drop unknown":   {plain, Spec{Drop: "x"}, []string{"--drop", `"x"`}},
		"drop the label": {plain, Spec{Drop: "2"}, []string{"--drop", "column 2 is the label"}},
		"drop all":       {plain, Spec{Drop: "0,1"}, []string{"f.csv", "beside the label"}},
		"no such code":   {plain, Spec{Categorical: "5"}, []string{"--categorical", "column 5"}},
		"all constant":   {"1,a\n1,b\n1,a\n1,b\n", Spec{}, []string{"f.csv", "no column is left", "it is 1 on all"}},
		"no target":      {plain, Spec{Target: "c"}, []string{"f.csv", "target c", "0 rows", "a, b"}},
		"one class only": {"1,a\n2,a\n", Spec{}, []string{"f.csv", "one class only", `"a"`}},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.Data = "csv:" + write(t, "f.csv", []byte(c.text))
			_, err := Open(t.Context(), c.s)
			wantError(t, err, c.want...)
		})
	}
}

// A stream that is cut in the middle of a row complains of the cut.
func TestCSVGzipCutShort(t *testing.T) {
	packed := gzipped([]byte(strings.Repeat(plain, 1000)))
	path := write(t, "f.csv.gz", packed[:len(packed)-20])
	_, err := Open(t.Context(), Spec{Data: "csv:" + path})
	wantError(t, err, path, "cut short")
}

func TestCSVFileErrors(t *testing.T) {
	_, err := Open(t.Context(), Spec{Data: "csv:/no/such/file.csv"})
	wantError(t, err, "/no/such/file.csv", "no such file")
	dir := t.TempDir()
	_, err = Open(t.Context(), Spec{Data: "csv:" + dir})
	wantError(t, err, dir, "directory")
	var ids strings.Builder
	for i := range 200 {
		fmt.Fprintf(&ids, "%d,name%d\n", i, i)
	}
	_, err = Open(t.Context(), Spec{Data: "csv:" + write(t, "ids.csv", []byte(ids.String()))})
	wantError(t, err, "ids.csv", "200 different values in 200 rows")
}

func TestClassesOf(t *testing.T) {
	for _, c := range []struct{ texts, want []string }{
		{[]string{"10", "9", "-1"}, []string{"-1", "9", "10"}},
		{[]string{"10", "9", "x"}, []string{"10", "9", "x"}},
		{[]string{"1.0", "2", "1"}, []string{"1", "2"}},
		{[]string{">50K", "<=50K"}, []string{"<=50K", ">50K"}},
		{[]string{"nan", "1"}, []string{"1", "nan"}},
	} {
		if got := classesOf(c.texts); !slices.Equal(got, c.want) {
			t.Errorf("%q: classes %q, want %q", c.texts, got, c.want)
		}
	}
}

// Columns are standardised by the training rows alone.
func TestStandardise(t *testing.T) {
	text := "x,big,flat,class\n"
	for i := range 50 {
		text += fmt.Sprintf("%d,%d,0.1,%c\n", i*i, 1_000_000_000+i, 'a'+i%2)
	}
	d := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(text)), Label: "class", ValFraction: 0.2})
	if d.Train.Len() != 32 || d.Val.Len() != 8 || d.Test.Len() != 10 {
		t.Fatalf("%d, %d, %d rows", d.Train.Len(), d.Val.Len(), d.Test.Len())
	}
	x := make([]float32, 2)
	var sum, square [2]float64
	for i := range d.Train.Len() {
		d.Train.Read(x, i)
		for j, v := range x {
			sum[j] += float64(v) / 32
			square[j] += float64(v) * float64(v) / 32
		}
	}
	for j, want := range []float64{1, 1} {
		if math.Abs(sum[j]) > 1e-6 || math.Abs(square[j]-want) > 1e-6 {
			t.Errorf("feature %d: mean %g, mean square %g", j, sum[j], square[j])
		}
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], `"flat"`) {
		t.Errorf("warnings %q, want one about the constant column", d.Warnings)
	}
	d.Test.Read(x, 0)
	id := float64(d.Test.ID(0))
	if want := float32((id*id - d.Prep.Features[0].Mean) / d.Prep.Features[0].Std); x[0] != want {
		t.Errorf("test row: %g, want %g", x[0], want)
	}
}

func TestStandardiseErrors(t *testing.T) {
	path := write(t, "f.csv", []byte("x,class\n1e300,a\n-1e300,b\n1e300,a\n-1e300,b\n"))
	_, err := Open(t.Context(), Spec{Data: "csv:" + path})
	wantError(t, err, path, `column index 0 ("x")`, "too large")
	train := write(t, "train.csv", []byte("1,a\n2,b\n3,a\n4,b\n"))
	test := write(t, "test.csv", []byte("1,a\n1e300,b\n"))
	_, err = Open(t.Context(), Spec{Data: "csv:" + train, TestData: "csv:" + test})
	wantError(t, err, test+":2", "column index 0", "1e+300", "float32")
}

func TestTestData(t *testing.T) {
	train := write(t, "train.csv", []byte("x,y,class\n"+plain))
	test := write(t, "test.csv", []byte("7,70,b\n8,80,a\n"))
	d := open(t, Spec{Data: "csv:" + train, TestData: "csv:" + test, Label: "-1"})
	if d.Train.Len() != 6 || d.Test.Len() != 2 || d.Test.ID(1) != 7 || d.Test.Label(0) != 1 {
		t.Errorf("%d training rows; %d test rows, the last of id %d", d.Train.Len(), d.Test.Len(), d.Test.ID(d.Test.Len()-1))
	}
	for name, c := range map[string]struct {
		test string
		want []string
	}{
		"width":   {"7,70,700,b\n", []string{"test.csv", "3 columns", "train.csv", "found 4"}},
		"fewer":   {"7,b\n", []string{"test.csv", "3 columns", "found 2"}},
		"names":   {"x,z,class\n7,70,b\n", []string{"test.csv", `"y"`, "train.csv", "x, z, class"}},
		"classes": {"7,70,b\n8,80,c\n", []string{"test.csv:2", `"c"`, "none of the classes", "a, b"}},
		"slip":    {"7,x70,b\n", []string{"test.csv:1", "column index 1", `"x70"`}},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "test.csv", []byte(c.test))
			_, err := Open(t.Context(), Spec{Data: "csv:" + train, TestData: "csv:" + path, Label: "-1"})
			wantError(t, err, c.want...)
		})
	}
}

// A model stores Prep as JSON, and reads rows with it to the same bits.
func TestStoredPrep(t *testing.T) {
	text := "x,y,class\n" + strings.ReplaceAll(plain, ",", ".3337,")
	text = strings.ReplaceAll(text, "0.3337,a", "0.1,a")
	path := write(t, "f.csv", []byte(text))
	d := open(t, Spec{Data: "csv:" + path, Label: "class"})
	stored, err := json.Marshal(d.Prep)
	if err != nil {
		t.Fatal(err)
	}
	var p Prep
	if err := json.Unmarshal(stored, &p); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Prep, p); diff != "" {
		t.Fatal(diff)
	}
	again := open(t, Spec{Data: "csv:" + path, Prep: &p})
	if again.Fingerprint != d.Fingerprint || !slices.Equal(again.Test.values, d.Test.values) {
		t.Error("stored preprocessing reads other rows")
	}

	// Other rows are read by the stored statistics, and need not hold all
	// classes.
	few := open(t, Spec{Data: "csv:" + path, TestData: "csv:" + write(t, "new.csv", []byte("3.3337,30.1,b\n")), Prep: &p})
	want := float32((3.3337 - p.Features[0].Mean) / p.Features[0].Std)
	if few.Test.values[0] != want || few.Test.Label(0) != 1 {
		t.Errorf("new row: %g of class %d, want %g of class 1", few.Test.values[0], few.Test.Label(0), want)
	}

	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"class":   {"x,y,class\n1,2,a\n1,2,c\n", []string{"f.csv:3", `"c"`, "stored model", "a, b"}},
		"columns": {"x,z,class\n1,2,a\n1,2,b\n", []string{"f.csv", `"y"`, "x, z, class"}},
		"label":   {"x,y,kind\n1,2,a\n1,2,b\n", []string{"f.csv", `"class"`, "x, y, kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Spec{Data: "csv:" + write(t, "f.csv", []byte(c.text)), Prep: &p})
			wantError(t, err, c.want...)
		})
	}
	_, err = Open(t.Context(), Spec{Data: "glyphs", Prep: &p})
	wantError(t, err, "glyphs", "table", "image")
	p.Features[0].Std = -1
	_, err = Open(t.Context(), Spec{Data: "csv:" + path, Prep: &p})
	wantError(t, err, "stored preprocessing", `"x"`, "deviation above 0")
}

// The fingerprint is of the content.
func TestFingerprint(t *testing.T) {
	of := func(name string, content []byte) string {
		return open(t, Spec{Data: "csv:" + write(t, name, content)}).Fingerprint
	}
	want := of("a.csv", []byte(plain))
	for name, got := range map[string]string{
		"another name":   of("b.csv", []byte(plain)),
		"gzip":           of("b.csv.gz", gzipped([]byte(plain))),
		"another format": of("b.csv", []byte(strings.ReplaceAll(plain, ",", " ; "))),
	} {
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, got := range map[string]string{
		"a number":     of("a.csv", []byte(strings.Replace(plain, "20", "20.000001", 1))),
		"a label":      of("a.csv", []byte(strings.Replace(plain, "4,40,b", "4,40,a", 1))),
		"a class name": of("a.csv", []byte(strings.ReplaceAll(plain, "b", "c"))),
		"a row":        of("a.csv", []byte(plain+"7,70,b\n")),
	} {
		if got == want {
			t.Errorf("%s changed, the fingerprint did not", name)
		}
	}
}
