package dataset

// IsCategory reports whether the feature is a column of text: its values are 1
// for the text of the cell, else 0.
func (f *Feature) IsCategory() bool { return f.category() }

// Width returns the number of values of the feature in a sample. The first value
// of a number is the number, and a second one, if there is one, tells that it is
// missing.
func (f *Feature) Width() int { return f.width() }
