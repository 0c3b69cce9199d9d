package dataset

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// sale is a row of a table with all that a Parquet file and a CSV can both say.
type sale struct {
	Price *float64 `parquet:"price"`
	Count int64    `parquet:"count"`
	Shop  *string  `parquet:"shop,dict"`
	Known bool     `parquet:"known"`
	Tags  []string `parquet:"tags,list"`
	Class string   `parquet:"class"`
}

// sales returns the same rows as a Parquet file and as a CSV.
func sales(t *testing.T, rows int) (columns, text []byte) {
	t.Helper()
	var all []sale
	var b strings.Builder
	b.WriteString("price,count,shop,known,tags,class\n")
	for i := range rows {
		s := sale{Count: int64(i * i % 97), Known: i%3 == 0, Tags: []string{"a"}, Class: []string{"no", "yes"}[i%5/4]}
		price, shop := "", ""
		if i%7 > 0 {
			x := float64(i*i%1009) / 7
			s.Price, price = &x, fmt.Sprint(x)
		}
		if i%4 > 0 {
			shop = []string{"north", "south, west"}[i%2]
			s.Shop = &shop
		}
		all = append(all, s)
		fmt.Fprintf(&b, "%s,%d,%q,%v,a,%s\n", price, s.Count, shop, s.Known, s.Class)
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[sale](&file, parquet.MaxRowsPerRowGroup(31))
	if _, err := w.Write(all); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), []byte(b.String())
}

// TestParquetIsCSV: the same table is the same data in either format, in one
// file or in several, and as test rows of the other.
func TestParquetIsCSV(t *testing.T) {
	columns, text := sales(t, 300)
	dir := write(t, "a.parquet", columns)
	want := open(t, Spec{Data: write(t, "a.csv", text), Drop: "tags"})
	got := open(t, Spec{Data: dir, Drop: "tags"})
	if got.Fingerprint != want.Fingerprint {
		t.Errorf("prepared as %+v, the CSV as %+v", got.Prep, want.Prep)
	}
	if place := got.Place(250); !strings.Contains(place, "a.parquet") || !strings.Contains(place, "250") {
		t.Errorf("place %q", place)
	}
	for _, s := range []Spec{
		{Data: dir, TestData: write(t, "t.csv", text), Drop: "tags"},
		{Data: write(t, "t.csv", text), TestData: dir, Drop: "tags"},
		{Data: dir, TestData: "parquet:" + dir, Drop: "tags"},
	} {
		d := open(t, s)
		if d.Train.Len() != 300 || d.Test.Len() != 300 || d.Features() != want.Features() {
			t.Errorf("%s and %s: %d and %d rows of %d values", s.Data, s.TestData, d.Train.Len(), d.Test.Len(), d.Features())
		}
		a, b := make([]float32, d.Features()), make([]float32, d.Features())
		for i := range 300 {
			d.Train.Read(a, i)
			if d.Test.Read(b, i); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("%s and %s: row %d is %v and %v", s.Data, s.TestData, i, a, b)
			}
		}
	}
	if _, err := Open(t.Context(), Spec{Data: dir}); err == nil || !strings.Contains(err.Error(), `"tags"`) || !strings.Contains(err.Error(), "--drop") {
		t.Errorf("a nested column that is not left out: error %v", err)
	}
	one := open(t, Spec{Data: dir, Drop: "tags", Missing: "north,0"})
	if names := fmt.Sprint(one.Prep.Values()); strings.Contains(names, "north") || !strings.Contains(names, "count missing") {
		t.Errorf("--missing leaves %s", names)
	}
}
