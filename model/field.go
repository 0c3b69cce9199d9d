package model

import (
	"errors"
	"fmt"
)

// Field is a column of a table, as the network takes it in: one or more values
// of a sample, what they are encoded as, and a dense layer of their own. The
// zero value but for Values passes them on.
//
// Numbers are better learnt from an encoding than from themselves (Gorishniy et
// al., "On embeddings for numerical features in tabular deep learning", NeurIPS
// 2022). A category is a field of as many values as it has categories, of which
// one is 1, with a dense layer: then the rows of its weights are the categories'
// embeddings. Free text is one with a few values that are not 0, an embedding bag.
type Field struct {
	// Values is how many values of a sample belong to the field.
	Values int `json:"values"`
	// Edges encode one value x piecewise linearly, by bins between neighbouring
	// edges, which ascend: 1 for each bin below x, 0 for each above, and for its
	// own how far into it x is. Below the first edge and above the last one the
	// first and the last bin go on.
	Edges []float32 `json:"edges,omitempty"`
	// Frequencies, if positive, encode one value x as sin 2πcx and cos 2πcx for
	// so many frequencies c, which are learnt, and start normal with deviation
	// Sigma.
	Frequencies int     `json:"frequencies,omitempty"`
	Sigma       float64 `json:"sigma,omitempty"`
	// Width, if positive, is that of a dense layer on the field alone; Rectified
	// gives it a bias and a ReLU.
	Width     int  `json:"width,omitempty"`
	Rectified bool `json:"rectified,omitempty"`
}

// encoded is the number of values that the field is encoded as.
func (f Field) encoded() int {
	switch {
	case len(f.Edges) > 0:
		return len(f.Edges) - 1
	case f.Frequencies > 0:
		return 2 * f.Frequencies
	}
	return f.Values
}

// out is the number of values that come out of the field.
func (f Field) out() int {
	if f.Width > 0 {
		return f.Width
	}
	return f.encoded()
}

// check reports what is wrong with the field.
func (f Field) check() error {
	encodings := 0
	if len(f.Edges) > 0 {
		encodings++
	}
	if f.Frequencies > 0 {
		encodings++
	}
	switch {
	case f.Values < 1 || f.Values > maxWidth:
		return fmt.Errorf("%d values: want 1 to %d", f.Values, maxWidth)
	case encodings == 2:
		return errors.New("both edges and frequencies: want one of them")
	case encodings == 1 && f.Values != 1:
		return fmt.Errorf("an encoding of %d values: want 1", f.Values)
	case len(f.Edges) == 1 || len(f.Edges) > maxWidth:
		return fmt.Errorf("%d edges: want 2 to %d", len(f.Edges), maxWidth)
	case f.Frequencies < 0 || f.Frequencies > maxWidth:
		return fmt.Errorf("%d frequencies: want 1 to %d", f.Frequencies, maxWidth)
	case f.Frequencies > 0 && !(f.Sigma > 0 && finite(f.Sigma)):
		return fmt.Errorf("sigma %v: want a deviation above 0", f.Sigma)
	case f.Rectified && f.Width == 0:
		return errors.New("a ReLU without a dense layer: want a width")
	case f.Width < 0 || f.Width > maxWidth:
		return fmt.Errorf("width %d: want 0 to %d", f.Width, maxWidth)
	}
	for i, e := range f.Edges {
		if !finite(float64(e)) || i > 0 && !(e > f.Edges[i-1]) {
			return fmt.Errorf("edge %d is %v: want finite edges in ascending order", i, e)
		}
	}
	return nil
}

// checkFields reports what is wrong with the fields of a sample of the given
// shape.
func checkFields(fields []Field, input []int) error {
	if len(fields) == 0 {
		return nil
	}
	if len(input) != 1 {
		return fmt.Errorf("model: fields of a sample of shape %v: want a table's, of shape [features]", input)
	}
	values, out := 0, 0
	for i, f := range fields {
		if err := f.check(); err != nil {
			return fmt.Errorf("model: field %d: %w", i, err)
		}
		values, out = values+f.Values, out+f.out()
	}
	if values != input[0] {
		return fmt.Errorf("model: fields of %d values for a sample of %d", values, input[0])
	}
	if out > maxParams {
		return fmt.Errorf("model: fields of %d values, more than %d", out, maxParams)
	}
	return nil
}

// encodeEdges sets e to the piecewise-linear encoding of x (equation 1 of
// Gorishniy et al., 2022). NaN stays NaN, in the last bin.
func encodeEdges(e, edges []float32, x float32) {
	bin := 0
	for bin < len(e)-1 && !(x < edges[bin+1]) {
		e[bin] = 1
		bin++
	}
	e[bin] = (x - edges[bin]) / (edges[bin+1] - edges[bin])
	clear(e[bin+1:])
}
