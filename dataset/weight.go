package dataset

import (
	"fmt"
	"math"
)

// lightest is the least weight of a row over the mean that float32 sums take
// well.
const lightest = 1e-30

// counting returns the training rows whose weight is not 0.
func (t *table) counting(train []int32) ([]int32, error) {
	if t.weight < 0 {
		return train, nil
	}
	kept := make([]int32, 0, len(train))
	for _, row := range train {
		switch x := t.frame.Row(int(row))[t.weight]; {
		case math.IsNaN(x) || x < 0:
			found := fmt.Sprint(x)
			if odd := t.frame.Columns[t.weight].Odd; odd != nil && odd.Row == int(row) {
				found = fmt.Sprintf("%q", odd.Text)
			} else if math.IsNaN(x) {
				found = "a missing cell or no number"
			}
			return nil, fmt.Errorf("%s: %s: expected a weight of at least 0 as --weight wants it, found %s",
				t.place(row), t.frame.Describe(t.weight), found)
		case x > 0:
			kept = append(kept, row)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("%s: every training row has weight 0; expected some to train on", t.frame.Describe(t.weight))
	}
	return kept, nil
}

// weights returns those of rows with weights above 0, their mean 1; nil if they
// are all alike. Sums run over the rows in order, in float64.
func (t *table) weights(rows []int32) ([]float32, error) {
	if t.weight < 0 || len(rows) == 0 {
		return nil, nil
	}
	at := func(row int32) float64 { return t.frame.Row(int(row))[t.weight] }
	least, most := at(rows[0]), at(rows[0])
	for _, row := range rows {
		least, most = min(least, at(row)), max(most, at(row))
	}
	if least == most {
		return nil, nil
	}
	var sum float64
	for _, row := range rows {
		sum += at(row) / most // which cannot overflow
	}
	weights := make([]float32, len(rows))
	for i, row := range rows {
		weights[i] = float32(at(row) / most * (float64(len(rows)) / sum))
		if !(weights[i] >= lightest) {
			return nil, fmt.Errorf("%s: %s: a weight of %g is too far from the largest, %g; expected 0 for a row that is not to count",
				t.place(row), t.frame.Describe(t.weight), at(row), most)
		}
	}
	return weights, nil
}
