package parquet

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// auto lets the file decide, but for some columns.
func auto(but map[string]frame.Kind) Want {
	return func(names []string, n int) ([]frame.Kind, error) {
		all := make([]frame.Kind, n)
		for i, name := range names {
			all[i] = but[name]
		}
		return all, nil
	}
}

// file returns a Parquet file of rows, in row groups of at most so many.
func file[T any](t testing.TB, group int64, rows []T, o ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, append([]parquet.WriterOption{parquet.MaxRowsPerRowGroup(group), parquet.PageBufferSize(200)}, o...)...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type everything struct {
	Small   int32             `parquet:"small"`
	Large   int64             `parquet:"large"`
	Bytes   uint32            `parquet:"bytes"`
	Single  float32           `parquet:"single"`
	Double  *float64          `parquet:"double"`
	Truth   bool              `parquet:"truth"`
	Word    *string           `parquet:"word,dict"`
	Plain   string            `parquet:"plain,snappy"`
	Day     int32             `parquet:"day,date"`
	At      time.Time         `parquet:"at,timestamp(millisecond)"`
	Price   int64             `parquet:"price,decimal(2:12)"`
	Nested  []int32           `parquet:"nested,list"`
	Mapping map[string]string `parquet:"mapping"`
	Key     [16]byte          `parquet:"key,uuid"`
}

func rowsOfEverything(n int) []everything {
	rows := make([]everything, n)
	for i := range rows {
		rows[i] = everything{
			Small: int32(-i), Large: 1 << 40 * int64(i), Bytes: math.MaxUint32 - uint32(i), Single: float32(i) / 4, Truth: i%2 == 0,
			Plain: []string{"x", "", "NA", "né"}[i%4], Day: 19000 + int32(i), At: time.UnixMilli(1500 * int64(i)), Price: int64(i)*7 - 5, Nested: []int32{1, 2},
		}
		if i%3 > 0 {
			x, word := float64(i)/3, []string{"red", "green"}[i%2]
			rows[i].Double, rows[i].Word = &x, &word
		}
	}
	return rows
}

var flat = map[string]frame.Kind{"nested": frame.Unused, "mapping": frame.Unused, "key": frame.Unused}

// TestEverything: each type of column comes out as what it means, in the order
// of the rows, however they are cut into row groups and pages.
func TestEverything(t *testing.T) {
	for _, group := range []int64{1000, 17} {
		rows := rowsOfEverything(100)
		f, err := Parse(t.Context(), "f.parquet", file(t, group, rows), []string{"NA", "-3"}, auto(flat))
		if err != nil {
			t.Fatal(err)
		}
		if f.Rows != 100 || !slices.Equal(f.Names()[:3], []string{"small", "large", "bytes"}) {
			t.Fatalf("%d rows of %q", f.Rows, f.Names())
		}
		for i, r := range rows {
			nan := math.NaN()
			double, word := nan, ""
			if r.Double != nil {
				double, word = *r.Double, *r.Word
			}
			small := float64(-i)
			if i == 3 {
				small = nan
			}
			want := []any{small, float64(r.Large), float64(r.Bytes), float64(i) / 4, double, []string{"true", "false"}[i%2], word, strings.TrimPrefix(r.Plain, "NA"),
				float64(19000 + i), 1.5 * float64(i), float64(i*7-5) / 100}
			for at, x := range want {
				got := f.Row(i)[at]
				switch x := x.(type) {
				case float64:
					if got != x && !(math.IsNaN(got) && math.IsNaN(x)) || f.Columns[at].Kind != frame.Number {
						t.Errorf("row %d, %s: %v, want %v", i, f.Columns[at].Name, got, x)
					}
				case string:
					if f.Columns[at].Kind != frame.Text || x == "" && !math.IsNaN(got) || x != "" && f.Columns[at].Texts[int(got)] != x {
						t.Errorf("row %d, %s: text %v, want %q", i, f.Columns[at].Name, got, x)
					}
				}
			}
		}
	}
}

// TestNumbersAsTexts: what is wanted as text has the text of its number.
func TestNumbersAsTexts(t *testing.T) {
	f, err := Parse(t.Context(), "f", file(t, 50, rowsOfEverything(4)), nil, auto(map[string]frame.Kind{
		"large": frame.Text, "single": frame.Text, "nested": frame.Unused, "mapping": frame.Unused, "key": frame.Unused,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Columns[1].Texts, []string{"0", "1099511627776", "2199023255552", "3298534883328"}) || !slices.Equal(f.Columns[3].Texts, []string{"0", "0.25", "0.5", "0.75"}) {
		t.Errorf("texts %q and %q", f.Columns[1].Texts, f.Columns[3].Texts)
	}
}

func TestTooManyTexts(t *testing.T) {
	type row struct {
		A string
		B int32
	}
	rows := make([]row, frame.MaxTexts+5)
	for i := range rows {
		rows[i].A = string(rune('a'+i%26)) + strconv.Itoa(i)
	}
	f, err := Parse(t.Context(), "f", file(t, 30_000, rows), nil, auto(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Columns[0]; !c.Many || c.Texts != nil || slices.ContainsFunc(f.Cells, func(x float64) bool { return x != 0 && !math.IsNaN(x) }) {
		t.Errorf("many is %v with %d texts", c.Many, len(c.Texts))
	}
}

func TestErrors(t *testing.T) {
	good := file(t, 50, rowsOfEverything(100))
	type infinite struct{ A, B float64 }
	type broken struct {
		A string
		B float64
	}
	for name, c := range map[string]struct {
		content []byte
		want    Want
		words   []string
	}{
		"empty":          {nil, auto(nil), []string{"f.parquet", "Parquet"}},
		"a text":         {[]byte("a,b\n1,2\n3,4\n5,6\n"), auto(nil), []string{"f.parquet", "Parquet"}},
		"cut":            {good[:len(good)-3], auto(flat), []string{"f.parquet", "Parquet"}},
		"nested":         {good, auto(map[string]frame.Kind{"mapping": frame.Unused, "key": frame.Unused}), []string{"f.parquet", `"nested"`, "--drop nested"}},
		"a map":          {good, auto(map[string]frame.Kind{"nested": frame.Unused, "key": frame.Unused}), []string{`"mapping"`, "flat"}},
		"a key":          {good, auto(map[string]frame.Kind{"nested": frame.Unused, "mapping": frame.Unused}), []string{`"key"`, "UUID"}},
		"text as number": {good, auto(map[string]frame.Kind{"nested": frame.Unused, "mapping": frame.Unused, "key": frame.Unused, "word": frame.Number}), []string{`"word"`, "expected numbers"}},
		"infinite":       {file(t, 50, []infinite{{1, 2}, {3, math.Inf(1)}}), auto(nil), []string{`"B"`, "row 1", "finite"}},
		"not UTF-8":      {file(t, 50, []broken{{"a", 1}, {"\xff", 2}}), auto(nil), []string{`"A"`, "row 1", "UTF-8"}},
		"no rows":        {file(t, 50, []broken{}), auto(nil), []string{"f.parquet", "no rows"}},
		"one column":     {file(t, 50, []struct{ A int32 }{{1}}), auto(nil), []string{"2 columns"}},
		"refused":        {good, func([]string, int) ([]frame.Kind, error) { return nil, errors.New("no such column") }, []string{"f.parquet: no such column"}},
	} {
		f, err := Parse(t.Context(), "f.parquet", c.content, nil, c.want)
		for _, word := range c.words {
			if err == nil || f != nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not name %q", name, err, word)
			}
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	cancel(stop)
	if _, err := Parse(ctx, "f", good, nil, auto(flat)); !errors.Is(err, stop) {
		t.Errorf("a context that has ended gives %v", err)
	}
}

// TestDamage flips bytes all over a file: never a panic, and each error names
// the file.
func TestDamage(t *testing.T) {
	good := file(t, 20, rowsOfEverything(30))
	for i := 0; i < len(good); i += 13 {
		bad := slices.Clone(good)
		bad[i] ^= 0x55
		if _, err := Parse(t.Context(), "f.parquet", bad, nil, auto(flat)); err != nil && !strings.HasPrefix(err.Error(), "f.parquet: ") {
			t.Fatalf("byte %d: error %v does not name the file", i, err)
		}
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(file(f, 20, rowsOfEverything(30)))
	type row struct {
		A *string `parquet:"a,dict,zstd"`
		B float64 `parquet:"b,split,gzip"`
		C int64   `parquet:"c,delta,lz4"`
	}
	word := "w"
	f.Add(file(f, 2, []row{{&word, 1, 2}, {nil, 3, 4}, {&word, math.NaN(), 6}}))
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := Parse(t.Context(), "f.parquet", content, []string{"x"}, auto(flat))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.parquet: ") {
				t.Errorf("error %v does not name the file", err)
			}
			return
		}
		if table.Rows < 1 || len(table.Cells) != table.Rows*len(table.Columns) {
			t.Errorf("%d cells of %d rows and %d columns", len(table.Cells), table.Rows, len(table.Columns))
		}
	})
}

func BenchmarkParquet(b *testing.B) {
	type row struct{ A, B, C, D, E, F, G, H float64 }
	rows := make([]row, 50_000)
	for i := range rows {
		x := float64(i*i%7919) / 128
		rows[i] = row{x, x + 1, x * 2, -x, x, x / 3, float64(i), 1}
	}
	content := file(b, 10_000, rows)
	b.SetBytes(int64(len(rows) * 64))
	for b.Loop() {
		if _, err := Parse(b.Context(), "f", content, nil, auto(nil)); err != nil {
			b.Fatal(err)
		}
	}
}
