package train

import (
	"context"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// TestFields: numbers, their missing flags and categories become fields in the
// order of a sample's values, and bins come from the training rows alone.
func TestFields(t *testing.T) {
	table := "x,code,class\n"
	for i := range 60 {
		cell := string(rune('0' + i%6))
		if i%10 == 9 {
			cell = "" // missing
		}
		table += cell + "," + string(rune('a'+i%3)) + "," + string(rune('p'+i%2)) + "\n"
	}
	cfg := Defaults()
	cfg.Data, cfg.Label, cfg.Embed = "csv:"+writeFile(t, "t.csv", []byte(table)), "class", "ple:2+cat:4"
	data, err := dataset.Open(context.Background(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	fields, err := cfg.fields(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(fields) != 3 || len(fields[0].Edges) != 3 || fields[1].Values != 1 || fields[1].Edges != nil ||
		fields[2].Values != 3 || fields[2].Width != 4 {
		t.Fatalf("%+v", fields)
	}
	// The numbers are 0 to 5: those missing, which are 0 beside their flag once
	// standardised, must be no edge.
	for i, e := range fields[0].Edges {
		if e == 0 {
			t.Errorf("edge %d is the value of what is missing", i)
		}
	}
	cfg.Data = "glyphs"
	images, err := dataset.Open(context.Background(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.fields(images); err == nil || !strings.Contains(err.Error(), "--embed") {
		t.Errorf("embeddings of images: error %v", err)
	}
}
