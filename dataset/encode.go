package dataset

import (
	"fmt"
	"math"
)

// encoder turns rows of a table into samples: windows of values for the numbers
// and their missing flags, for each category the place in the sample that is 1,
// and for each free text the places that are not 0.
type encoder struct {
	t        *table
	features []Feature
	columns  []int     // of the frame, one for each feature
	dense    int       // values before the first category's
	place    [][]int32 // per category and text of its column: the place that is 1; none: -1
	missing  []int32   // per category: the place that is 1 where the cell is missing; none: -1
	texts    []*textBags
}

// nowhere is the place of what a model has no value for: all values of the
// category are 0.
const nowhere = -1

// newEncoder prepares the reading of t by features, which are in the given
// columns of its frame.
func newEncoder(t *table, features []Feature, columns []int) *encoder {
	e := &encoder{t: t, features: features, columns: columns}
	at := 0
	for i := range features {
		f := &features[i]
		if f.IsCategory() {
			e.addCategory(f, t.frame.Columns[columns[i]].Texts, int32(at))
		}
		if f.IsText() {
			e.texts = append(e.texts, t.textBags(f, columns[i], int32(at)))
		}
		at += f.Width()
		if f.isNumber() {
			e.dense = at
		}
	}
	return e
}

// addCategory finds the places of the texts of a column, whose values begin at
// a place of the sample.
func (e *encoder) addCategory(f *Feature, texts []string, first int32) {
	known := map[string]int32{}
	for k, name := range f.Categories {
		known[name] = first + int32(k)
	}
	end := first + int32(len(f.Categories))
	other, missing := int32(nowhere), int32(nowhere)
	if f.Rare {
		other = end
		end++
	}
	if f.Missing {
		missing = end
	}
	places := make([]int32, len(texts))
	for k, text := range texts {
		at, ok := known[text]
		if !ok {
			at = other
		}
		places[k] = at
	}
	e.place = append(e.place, places)
	e.missing = append(e.missing, missing)
}

// read returns the numbers of the given rows, and the places of their
// categories.
func (e *encoder) read(rows []int32, to *room) (values []float32, places []int32, err error) {
	if values, err = to.values32(len(rows) * e.dense); err != nil {
		return nil, nil, err
	}
	if places, err = to.places(len(rows) * len(e.place)); err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		cells := e.t.frame.Row(int(row))
		category := 0
		for i := range e.features {
			f, x := &e.features[i], cells[e.columns[i]]
			if f.IsText() {
				continue // see bags
			}
			if f.isNumber() {
				if values, err = e.number(values, f, x, row); err != nil {
					return nil, nil, err
				}
				continue
			}
			at := e.missing[category]
			if !math.IsNaN(x) {
				at = e.place[category][int(x)]
			}
			places = append(places, at)
			category++
		}
	}
	return values, places, nil
}

// number appends the values of a number.
func (e *encoder) number(values []float32, f *Feature, x float64, row int32) ([]float32, error) {
	var v, flag float32
	switch {
	case math.IsNaN(x):
		flag = 1
	case f.Quantiles != nil:
		v = float32(deviate(f.Quantiles, x))
	default:
		v = float32((x - f.Mean) / f.Std)
	}
	if !finite(float64(v)) {
		return nil, fmt.Errorf("%s: %s: %g is too far from the training rows (mean %g, deviation %g) for float32",
			e.t.place(row), f.describe(), x, f.Mean, f.Std)
	}
	values = append(values, v)
	if f.Missing {
		values = append(values, flag)
	}
	return values, nil
}
