package dataset

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// Texts returns the cells of some columns of a text table, by name or index, as
// they are written: a slice for each column, with a text for each row in the
// order of the files, which is the order of the rows that Open numbers.
func Texts(ctx context.Context, s Spec, columns []string) ([][]string, error) {
	src, place, err := parseSource(s.Data)
	if err != nil {
		return nil, err
	}
	if src.name != "csv" {
		return nil, fmt.Errorf("%s: columns %v: only a text (csv:FILE) has cells as they are written", s.Data, columns)
	}
	o, err := s.csvOptions()
	if err != nil {
		return nil, err
	}
	places, err := expand(place)
	if err != nil {
		return nil, err
	}
	all := make([][]string, len(columns))
	for _, place := range places {
		path, packed, err := readPacked(ctx, place)
		if err != nil {
			return nil, err
		}
		content, err := unpack(path, packed, math.MaxInt64)
		if err != nil {
			return nil, err
		}
		d, err := frame.Sniff(path, content, o)
		if err != nil {
			return nil, err
		}
		var at []int
		for _, word := range columns {
			i, err := frame.Find(word, d.Names, len(d.Kinds))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			at = append(at, i)
		}
		cells, err := d.Texts(path, content, at)
		if err != nil {
			return nil, err
		}
		for k := range all {
			all[k] = append(all[k], cells[k]...)
		}
	}
	return all, nil
}

// strangers says of each category how many rows hold a text that has no value of
// its own in a stored model.
func (t *table) strangers(features []Feature) []string {
	var said []string
	for i := range features {
		f := &features[i]
		if !f.IsCategory() {
			continue
		}
		c := &t.frame.Columns[t.columns[i]]
		known := make([]bool, len(c.Texts))
		for k, text := range c.Texts {
			known[k] = slices.Contains(f.Categories, text)
		}
		rows, first := 0, 0
		for row := range t.frame.Rows {
			if x := t.frame.Row(row)[t.columns[i]]; x == x && !known[int(x)] { // not missing
				if rows++; rows == 1 {
					first = row
				}
			}
		}
		if rows == 0 {
			continue
		}
		as := "the model takes them for none of its categories"
		if f.Rare {
			as = "the model takes them for rare ones"
		}
		said = append(said, fmt.Sprintf("%s: %d of %d rows hold a category that training had never or rarely, the first %q at %s; %s",
			f.describe(), rows, t.frame.Rows, t.text(first, t.columns[i]), t.place(int32(first)), as))
	}
	return said
}
