package dataset

import (
	"bytes"
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

// parse reads a table from text.
func parse(t testing.TB, text, label, header string) (*table, error) {
	t.Helper()
	f := &file{Reader: strings.NewReader(text), path: "f.csv"}
	return parseTable(t.Context(), f, wanted{label, -1}, header)
}

// The same table in many dialects.
func TestTableDialects(t *testing.T) {
	for name, c := range map[string]struct{ text, label, header string }{
		"plain":            {plain, "-1", ""},
		"no last newline":  {strings.TrimSuffix(plain, "\n"), "-1", ""},
		"index":            {plain, "2", "no"},
		"semicolons":       {strings.ReplaceAll(plain, ",", ";"), "-1", ""},
		"tabs":             {strings.ReplaceAll(plain, ",", "\t"), "-1", ""},
		"spaces":           {strings.ReplaceAll(plain, ",", "   "), "-1", ""},
		"comma, space":     {strings.ReplaceAll(plain, ",", ", "), "-1", ""},
		"indented":         {"  " + strings.ReplaceAll(plain, "\n", "  \n"), "-1", ""},
		"CRLF":             {strings.ReplaceAll(plain, "\n", "\r\n"), "-1", ""},
		"lone CR":          {strings.ReplaceAll(plain, "\n", "\r"), "-1", ""},
		"blank lines":      {"\n\n" + strings.ReplaceAll(plain, "\n", "\n \n"), "-1", ""},
		"single quotes":    {strings.NewReplacer("a", "'a'", "b", "'b'").Replace(plain), "-1", ""},
		"double quotes":    {strings.NewReplacer("a", `"a"`, "b", `"b"`, "10", `"10"`).Replace(plain), "-1", ""},
		"header":           {"x,y,class\n" + plain, "-1", ""},
		"header by name":   {"x,y,class\n" + plain, "class", "auto"},
		"byte order mark":  {"\ufeffx,y,class\n" + plain, "class", "yes"},
		"quoted header":    {"\"x, or so\",'y',\"class\"\n" + plain, "class", "auto"},
		"names of numbers": {"2019,2020,class\n" + plain, "class", "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(t, c.text, c.label, c.header)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]float64{1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60}, got.cells); diff != "" {
				t.Error(diff)
			}
			if !slices.Equal(got.texts, []string{"a", "b"}) || !slices.Equal(got.codes, []int32{0, 1, 0, 1, 0, 1}) {
				t.Errorf("labels %q, %v", got.texts, got.codes)
			}
		})
	}
}

func TestTableLabelFirst(t *testing.T) {
	got, err := parse(t, "a,1,2\nb,3,4\n", "0", "")
	if err != nil || got.labelAt != 0 || !slices.Equal(got.cells, []float64{1, 2, 3, 4}) {
		t.Errorf("label at %d, cells %v, %v", got.labelAt, got.cells, err)
	}
	if got, err = parse(t, "x,class,y\n1,a,2\n", "-2", ""); err != nil || got.label() != "class" {
		t.Errorf("label %q, %v", got.label(), err)
	}
	if diff := cmp.Diff([]string{"x", "y"}, got.features()); diff != "" {
		t.Error(diff)
	}
}

func TestTableErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text, label, header string
		want                []string
	}{
		"empty":            {"", "-1", "", []string{"f.csv: the file is empty"}},
		"only blank lines": {"\n \n\t\n", "-1", "", []string{"f.csv: the file is empty"}},
		"only a header":    {"x,y\n", "-1", "", []string{"f.csv", "no rows"}},
		"one column":       {"1\n2\n", "-1", "", []string{"f.csv:1", "separated by commas"}},
		"too few columns":  {plain + "7,a\n", "-1", "", []string{"f.csv:7", "3 columns", "found 2"}},
		"too many columns": {"x,y,class\n1,2,a\n1,2,3,a\n", "-1", "", []string{"f.csv:3", "3 columns", "found 4"}},
		"empty cell":       {plain + "7,,a\n", "-1", "", []string{"f.csv:7", "column index 1", "empty"}},
		"empty label":      {plain + "7,70,\n", "-1", "", []string{"f.csv:7", "column index 2", "label", "empty"}},
		"empty cell, tabs": {"1\t2\ta\n1\t\ta\n", "-1", "", []string{"f.csv:2", "column index 1", "empty"}},
		"non-number":       {"x,y,class\n" + plain + "7,ten,a\n", "-1", "", []string{"f.csv:8", `column index 1 ("y")`, `"ten"`}},
		"question mark":    {plain + "7,?,a\n", "-1", "", []string{"f.csv:7", "column index 1", `"?"`}},
		"NaN":              {plain + "7,nan,a\n", "-1", "", []string{"f.csv:7", "finite", `"nan"`}},
		"Inf":              {plain + "-Inf,70,a\n", "-1", "", []string{"f.csv:7", "column index 0", "finite", `"-Inf"`}},
		"out of range":     {plain + "1e999,70,a\n", "-1", "", []string{"f.csv:7", "out of range"}},
		"decimal comma":    {"1,5;2;a\n", "-1", "", []string{"f.csv:1", "decimal point", `"1,5"`}},
		"slip in line 1":   {"1,x0,a\n" + plain, "-1", "", []string{"f.csv:1", `"x0"`, "header"}},
		"categories":       {"red,big,a\nblue,small,b\n", "-1", "", []string{"f.csv:2", `"blue"`}},
		"open quote":       {plain + "7,70,'a\n", "-1", "", []string{"f.csv:7", "does not close"}},
		"unknown label":    {"age,size,class\n1,2,a\n", "clas", "", []string{`"clas"`, `did you mean "class"`, "age, size, class"}},
		"unknown, far":     {"age,size,class\n1,2,a\n", "wrongly", "", []string{"not in the header;", "age, size, class"}},
		"no header":        {plain, "class", "", []string{`"class"`, "no header", "0..2"}},
		"index too large":  {plain, "3", "", []string{"label column 3", "0..2", "-3"}},
		"index too small":  {plain, "-4", "", []string{"label column -4", "0..2"}},
		"label twice":      {"class,x,class\na,1,b\n", "class", "", []string{"twice"}},
		"label not UTF-8":  {"1,2,\xff\n", "-1", "", []string{"f.csv:1", "UTF-8"}},
		"name not UTF-8":   {"x\xff,y\n1,2\n", "-1", "", []string{"f.csv:1", "UTF-8"}},
		"binary":           {"PK\x03\x04\x00\x00", "-1", "", []string{"f.csv:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.text, c.label, c.header)
			wantError(t, err, c.want...)
		})
	}
}

func TestTableLongLine(t *testing.T) {
	_, err := parse(t, plain+strings.Repeat("1,", maxLine), "-1", "")
	wantError(t, err, "f.csv:7", "a line of more than")
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
	path := write(t, "f.csv", []byte("1,a\n2,a\n"))
	_, err = Open(t.Context(), Spec{Data: "csv:" + path})
	wantError(t, err, path, "one class only", `"a"`)
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
	x := make([]float32, 3)
	var sum, square [3]float64
	for i := range d.Train.Len() {
		d.Train.Read(x, i)
		for j, v := range x {
			sum[j] += float64(v) / 32
			square[j] += float64(v) * float64(v) / 32
		}
	}
	for j, want := range []float64{1, 1, 0} {
		if math.Abs(sum[j]) > 1e-6 || math.Abs(square[j]-want) > 1e-6 {
			t.Errorf("feature %d: mean %g, mean square %g", j, sum[j], square[j])
		}
	}
	if d.Prep.Mean[2] != 0.1 || d.Prep.Std[2] != 1 {
		t.Errorf("constant column: mean %v, deviation %v", d.Prep.Mean[2], d.Prep.Std[2])
	}
	d.Test.Read(x, 0)
	id := float64(d.Test.ID(0))
	if want := float32((id*id - d.Prep.Mean[0]) / d.Prep.Std[0]); x[0] != want {
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
		"width":   {"7,70,700,b\n", []string{"test.csv:1", "column index 3", "expected a number"}},
		"fewer":   {"7,b\n", []string{"test.csv", `"class"`, "column index 2", "found 2 columns"}},
		"named":   {"x,class\n7,b\n", []string{"test.csv", "2 features", "train.csv", "found 1"}},
		"names":   {"x,z,class\n7,70,b\n", []string{"test.csv", `"z"`, `"y"`, "train.csv"}},
		"classes": {"7,70,b\n8,80,c\n", []string{"test.csv:2", `"c"`, "none of the classes", "a, b"}},
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
	want := float32((3.3337 - p.Mean[0]) / p.Std[0])
	if few.Test.values[0] != want || few.Test.Label(0) != 1 {
		t.Errorf("new row: %g of class %d, want %g of class 1", few.Test.values[0], few.Test.Label(0), want)
	}

	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"class":   {"x,y,class\n1,2,a\n1,2,c\n", []string{"f.csv:3", `"c"`, "stored model", "a, b"}},
		"width":   {"x,class\n1,a\n1,b\n", []string{"f.csv", "[2]", "[1]"}},
		"columns": {"x,z,class\n1,2,a\n1,2,b\n", []string{"f.csv", `"z"`, `"y"`}},
		"label":   {"x,y,kind\n1,2,a\n1,2,b\n", []string{"f.csv", `"class"`, "x, y, kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Spec{Data: "csv:" + write(t, "f.csv", []byte(c.text)), Prep: &p})
			wantError(t, err, c.want...)
		})
	}
	_, err = Open(t.Context(), Spec{Data: "glyphs", Prep: &p})
	wantError(t, err, "glyphs", "table", "image")
	p.Std[0] = 0
	_, err = Open(t.Context(), Spec{Data: "csv:" + path, Prep: &p})
	wantError(t, err, "stored preprocessing", "column 0")
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

func FuzzCSV(f *testing.F) {
	f.Add([]byte(plain), "-1", "")
	f.Add([]byte("x;y;'class'\r\n1;2;'a b'\r\n"), "class", "yes")
	f.Add([]byte("1\t\t\"a\"\t3\n"), "2", "no")
	f.Add([]byte("  1   2  '-1'\n"), "-1", "auto")
	f.Add(gzipped([]byte(plain)), "2", "")
	f.Fuzz(func(t *testing.T, content []byte, label, header string) {
		const path = "f.csv"
		in := &file{Reader: bytes.NewReader(content), path: path}
		tab, err := parseTable(t.Context(), in, wanted{label, -1}, header)
		if err != nil {
			if !strings.HasPrefix(err.Error(), path) {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		n := len(tab.codes)
		if n < 1 || len(tab.cells) != n*tab.width || len(tab.lines) != n || tab.labelAt > tab.width {
			t.Errorf("%d labels, %d lines, %d cells of width %d, label at %d", n, len(tab.lines), len(tab.cells), tab.width, tab.labelAt)
		}
		if slices.ContainsFunc(tab.cells, func(x float64) bool { return !finite(x) }) {
			t.Error("a cell is not finite")
		}
		classes := classesOf(tab.texts)
		if _, err := tab.classify(classes, path); err != nil {
			t.Error(err)
		}
	})
}
