package frame

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// plain is a small valid table without header.
const plain = "1,10,a\n2,20,b\n3,30,a\n4,40,b\n5,50,a\n6,60,b\n"

func parse(t testing.TB, text string, o Options) (*Frame, error) {
	t.Helper()
	return ParseCSV(t.Context(), "f.csv", []byte(text), o)
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not contain %q", err, p)
		}
	}
}

// The same table in many dialects.
func TestDialects(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		o    Options
	}{
		"plain":            {plain, Options{}},
		"no last newline":  {strings.TrimSuffix(plain, "\n"), Options{}},
		"no header":        {plain, Options{Header: "no"}},
		"semicolons":       {strings.ReplaceAll(plain, ",", ";"), Options{}},
		"tabs":             {strings.ReplaceAll(plain, ",", "\t"), Options{}},
		"bars":             {strings.ReplaceAll(plain, ",", "|"), Options{}},
		"spaces":           {strings.ReplaceAll(plain, ",", "   "), Options{}},
		"stars":            {strings.ReplaceAll(plain, ",", "*"), Options{Separator: '*'}},
		"comma, space":     {strings.ReplaceAll(plain, ",", ", "), Options{}},
		"indented":         {"  " + strings.ReplaceAll(plain, "\n", "  \n"), Options{}},
		"CRLF":             {strings.ReplaceAll(plain, "\n", "\r\n"), Options{}},
		"lone CR":          {strings.ReplaceAll(plain, "\n", "\r"), Options{}},
		"blank lines":      {"\n\n" + strings.ReplaceAll(plain, "\n", "\n \n"), Options{}},
		"single quotes":    {strings.NewReplacer("a", "'a'", "b", "'b'").Replace(plain), Options{}},
		"double quotes":    {strings.NewReplacer("a", `"a"`, "b", `"b"`, "10", `"10"`).Replace(plain), Options{}},
		"header":           {"x,y,class\n" + plain, Options{}},
		"header by name":   {"x,y,class\n" + plain, Options{Label: "class", Header: "auto"}},
		"byte order mark":  {"\ufeffx,y,class\n" + plain, Options{Header: "yes"}},
		"quoted header":    {"\"x, or so\",'y',\"class\"\n" + plain, Options{}},
		"names of numbers": {"2019,2020,class\n" + plain, Options{Header: "yes"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(t, c.text, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]float64{1, 10, 0, 2, 20, 1, 3, 30, 0, 4, 40, 1, 5, 50, 0, 6, 60, 1}, got.Cells); diff != "" {
				t.Error(diff)
			}
			if !slices.Equal(got.Columns[2].Texts, []string{"a", "b"}) {
				t.Errorf("texts %q", got.Columns[2].Texts)
			}
		})
	}
}

// Quoted cells hold separators, quotes and line ends; lines are counted all the
// same.
func TestQuotes(t *testing.T) {
	got, err := parse(t, "x,text\n1,\"a,b\"\n2,\"say \"\"no\"\"\"\n3,\"two\nlines\"\n4,'a,b'\n5,it's\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a,b", `say "no"`, "two\nlines", "it's"}; !slices.Equal(got.Columns[1].Texts, want) {
		t.Errorf("texts %q, want %q", got.Columns[1].Texts, want)
	}
	if want := []int32{2, 3, 4, 6, 7}; !slices.Equal(got.Lines, want) {
		t.Errorf("lines %v, want %v", got.Lines, want)
	}
}

func TestMissing(t *testing.T) {
	const text = "1,?,a\n,NA,b\n-9,x,?\n4,-9,\n"
	got, err := parse(t, text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	if diff := cmp.Diff([]float64{1, nan, 0, nan, nan, 1, -9, 0, nan, 4, 1, nan}, got.Cells, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	got, err = parse(t, text, Options{Missing: []string{"-9"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{1, 0, 0, nan, 1, 1, nan, 2, 2, 4, nan, nan}, got.Cells, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
}

// A column of numbers with a slip stays one, and says where the slip is; with
// more than one in ten it is a column of texts, wherever in the file they are.
func TestKinds(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		odd, many, some := strconv.Itoa(i), strconv.Itoa(i), strconv.Itoa(i%7)
		if i == 4321 {
			odd = "4,321"
		}
		if i >= 4000 {
			many = "late"
		}
		if i < 300 {
			some = "early"
		}
		fmt.Fprintf(&text, "%s;%s;%s;%d\n", odd, many, some, i)
	}
	got, err := parse(t, text.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Columns[0]; c.Kind != Number || c.Odd == nil || *c.Odd != (Odd{4321, "4,321"}) {
		t.Errorf("one slip: %v, odd %v", c.Kind, c.Odd)
	}
	if c := got.Columns[1]; c.Kind != Text || len(c.Texts) != 4001 || c.Texts[4000] != "late" {
		t.Errorf("texts at the end: %v with %d texts", c.Kind, len(c.Texts))
	}
	if c := got.Columns[2]; c.Kind != Number || c.Odd == nil || c.Odd.Text != "early" {
		t.Errorf("texts at the beginning: %v, odd %v", c.Kind, c.Odd)
	}
}

func TestTooManyTexts(t *testing.T) {
	var text strings.Builder
	for i := range MaxTexts + 1 {
		fmt.Fprintf(&text, "%d,name%d\n", i, i)
	}
	got, err := parse(t, text.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Columns[1]; !c.Many || c.Texts != nil || !math.IsNaN(got.Cells[1]) {
		t.Errorf("many %v, %d texts, cell %g", c.Many, len(c.Texts), got.Cells[1])
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		o    Options
		want []string
	}{
		"empty":            {"", Options{}, []string{"f.csv: the file is empty"}},
		"only blank lines": {"\n \n\t\n", Options{}, []string{"f.csv: the file is empty"}},
		"only a header":    {"x,y\n", Options{}, []string{"f.csv", "no rows"}},
		"one column":       {"1\n2\n", Options{}, []string{"f.csv:1", "separated by commas"}},
		"another":          {plain, Options{Separator: ';'}, []string{"f.csv:1", "separated by ';'"}},
		"too few columns":  {plain + "7,a\n", Options{}, []string{"f.csv:7", "3 columns", "found 2"}},
		"too many columns": {"x,y,class\n1,2,a\n1,2,3,a\n", Options{}, []string{"f.csv:3", "3 columns", "found 4"}},
		"open quote":       {plain + "7,70,'a\n", Options{}, []string{"f.csv:7", "does not close"}},
		"open, double":     {plain + "7,70,\"a\n" + plain, Options{}, []string{"f.csv:7", "does not close"}},
		"text not UTF-8":   {"1,2,\xff\n", Options{}, []string{"f.csv:1", "UTF-8"}},
		"name not UTF-8":   {"x\xff,y\n1,2\n", Options{}, []string{"f.csv:1", "UTF-8"}},
		"binary":           {"PK\x03\x04\x00\x00", Options{}, []string{"f.csv:1"}},
		"long":             {plain + strings.Repeat("1,", maxRecord), Options{}, []string{"f.csv:7", "more than"}},
		"after much":       {strings.Repeat(plain, 100_000) + "1,2\n", Options{}, []string{"f.csv:600001", "found 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.text, c.o)
			wantError(t, err, c.want...)
		})
	}
}

// What is read does not depend on the number of goroutines, nor on where the
// blocks are cut.
func TestBlocks(t *testing.T) {
	var text strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&text, "%d,%g,\"name, %d\nof %d\",%s\n", i, float64(i)/7, i%97, i%13, []string{"a", "b", "?"}[i%3])
	}
	var want *Frame
	for _, procs := range []int{1, 2, 5} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			got, err := parse(t, text.String(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
			if !slices.EqualFunc(want.Cells, got.Cells, same) || !slices.Equal(want.Lines, got.Lines) {
				t.Errorf("%d processors: other cells or lines", procs)
			}
			if diff := cmp.Diff(want.Columns, got.Columns); diff != "" {
				t.Error(diff)
			}
		}()
	}
	if want.Rows != 60_000 || want.Lines[59_999] != 119_999 || len(want.Columns[2].Texts) != 97*13 {
		t.Errorf("%d rows, the last on line %d, %d texts", want.Rows, want.Lines[want.Rows-1], len(want.Columns[2].Texts))
	}
	for i := range want.Rows {
		row := want.Row(i)
		if row[0] != float64(i) || want.Columns[2].Texts[int(row[2])] != fmt.Sprintf("name, %d\nof %d", i%97, i%13) {
			t.Fatalf("row %d is %v", i, row)
		}
	}
}

// number is strconv.ParseFloat, bit for bit, of whatever is finite.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-0", "1.5e3", "9007199254740993", "1e22", "1e23", ".5", "5.", "1e-400", "0x1p-2", "1_0",
		"+.e1", "9007199254740993.5", "0.8414709848078965", "18446744073709551615e-19", "9223372036854775808.0", "0.00000000000000000000123", "123456789012345678901", "4.35", "0.1e-21", "inf", "Nan", "1e+5", "12345678901234567e5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, ok := number([]byte(s))
		want, err := strconv.ParseFloat(s, 64)
		finite := err == nil && !math.IsInf(want, 0) && !math.IsNaN(want)
		if ok != finite || ok && math.Float64bits(x) != math.Float64bits(want) {
			t.Errorf("%q: %g, %v; want %g, %v", s, x, ok, want, finite)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(plain), byte(0), "")
	f.Add([]byte("x;y;'class'\r\n1;2;'a b'\r\n"), byte(';'), "yes")
	f.Add([]byte("1\t\t\"a\"\t3\n"), byte(0), "no")
	f.Add([]byte("  1   2  '-1'\n"), byte(' '), "auto")
	f.Add([]byte("a,\"b\nc\"\n1,\"\"\"\"\n"), byte(0), "auto")
	f.Fuzz(func(t *testing.T, content []byte, sep byte, header string) {
		if sep >= 0x80 || sep == '\n' || sep == '\r' || sep == '"' || sep == '\'' {
			sep = 0
		}
		got, err := ParseCSV(t.Context(), "f.csv", content, Options{Separator: sep, Header: header})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.csv") {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		check(t, got)
		if lines := bytes.Count(content, []byte("\n")) + bytes.Count(content, []byte("\r")) + 1; int(got.Lines[got.Rows-1]) > lines {
			t.Errorf("the last row is on line %d of %d", got.Lines[got.Rows-1], lines)
		}
	})
}

// check holds a frame to what its documentation promises.
func check(t *testing.T, f *Frame) {
	t.Helper()
	if f.Rows < 1 || len(f.Cells) != f.Rows*len(f.Columns) || f.Lines != nil && len(f.Lines) != f.Rows {
		t.Fatalf("%d rows, %d columns, %d cells, %d lines", f.Rows, len(f.Columns), len(f.Cells), len(f.Lines))
	}
	for i, c := range f.Columns {
		if c.Kind != Number && c.Kind != Text {
			t.Errorf("column %d: kind %d", i, c.Kind)
		}
		if sorted := slices.Sorted(slices.Values(c.Texts)); len(slices.Compact(sorted)) != len(c.Texts) {
			t.Errorf("column %d: a text twice", i)
		}
		used := make([]bool, len(c.Texts))
		for r := range f.Rows {
			switch x := f.Row(r)[i]; {
			case math.IsInf(x, 0):
				t.Fatalf("row %d, column %d: %g", r, i, x)
			case c.Kind == Text && !math.IsNaN(x):
				used[int(x)] = true
			}
		}
		if slices.Contains(used, false) {
			t.Errorf("column %d: a text of no row", i)
		}
	}
}

// table returns the text of a table of so many bytes at least.
func table(bytes int, row func(b *strings.Builder, i int)) string {
	var b strings.Builder
	for i := 0; b.Len() < bytes; i++ {
		row(&b, i)
	}
	return b.String()
}

func numbersRow(b *strings.Builder, i int) {
	for j := range 10 {
		fmt.Fprintf(b, "%.6f,", float64(i*j)/997)
	}
	fmt.Fprintf(b, "'%d'\n", i%3)
}

func BenchmarkCSV(b *testing.B) {
	for _, c := range []struct {
		name string
		row  func(b *strings.Builder, i int)
	}{
		{"numbers", numbersRow},
		{"digits", func(b *strings.Builder, i int) {
			for j := range 10 {
				fmt.Fprintf(b, "%v,", math.Sin(float64(i*j+1)))
			}
			fmt.Fprintf(b, "%d\n", i%3)
		}},
		{"mixed", func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "%d, State-gov, %d, Bachelors, %d, Never-married, \"Adm, clerical\", %d, United-States, <=50K\n",
				17+i%50, i*7919%99991, i%16, i%100)
		}},
	} {
		text := []byte(table(20<<20, c.row))
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseCSV(b.Context(), "f.csv", text, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
