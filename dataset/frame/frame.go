package frame

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Kind is what the cells of a column are.
type Kind uint8

// The kinds. Auto is for what has not been decided yet; no column of a Frame has
// it. Free is text like Text, but all texts are told apart, however many. Unused
// is for what nobody looks at: its cells mean nothing.
const (
	Auto Kind = iota
	Number
	Text
	Unused
	Free
)

// IsText reports whether the cells of a column are indices into its texts.
func (k Kind) IsText() bool { return k == Text || k == Free }

// most is the largest number of texts of such a column.
func (k Kind) most() int {
	if k == Free {
		return math.MaxInt32
	}
	return MaxTexts
}

// MaxTexts is the largest number of distinct texts of a column that are told
// apart, unless it is Free.
const MaxTexts = 1 << 16

// Column is a column of a Frame.
type Column struct {
	Name string `json:"name"` // "" where the file names none
	Kind Kind   `json:"kind"`
	// Texts are the distinct texts of a text column, by their first appearance.
	Texts []string `json:"texts,omitempty"`
	// Many says that a text column has more than MaxTexts distinct texts: Texts
	// is nil then, and all its cells are NaN.
	Many bool `json:"many,omitempty"`
	// Odd is the first cell of a number column that is no number, or nil. Such
	// cells are NaN, as if they were missing.
	Odd *Odd `json:"odd,omitempty"`
}

// Odd is a cell that does not belong where it is.
type Odd struct {
	Row  int    `json:"row"`
	Text string `json:"text"`
}

// Frame is a table in memory. Whoever reads it must not change it.
type Frame struct {
	Path    string // of the file, for messages
	Columns []Column
	Named   bool      // the file names its columns
	Rows    int       // at least 1
	Cells   []float64 // Rows*len(Columns), row by row
	// Lines are the lines of the rows in the file, from 1; nil if it has none.
	Lines []int32
}

// Row returns the cells of row i, in place.
func (f *Frame) Row(i int) []float64 {
	n := len(f.Columns)
	return f.Cells[i*n : (i+1)*n]
}

// Place names row i for a message: the file and the line, or the row from 0 in
// a file without lines.
func (f *Frame) Place(i int) string {
	if f.Lines == nil {
		return fmt.Sprintf("%s: row %d", f.Path, i)
	}
	return fmt.Sprintf("%s:%d", f.Path, f.Lines[i])
}

// Describe names column i for a message.
func (f *Frame) Describe(i int) string {
	if f.Columns[i].Name == "" {
		return fmt.Sprintf("column index %d", i)
	}
	return fmt.Sprintf("column index %d (%q)", i, f.Columns[i].Name)
}

// Names returns the names of the columns, or nil if they have none.
func (f *Frame) Names() []string {
	if !f.Named {
		return nil
	}
	names := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		names[i] = c.Name
	}
	return names
}

// AsText makes a text column of column i, in place, of kind Text or Free: the text
// of a number is the shortest that gives the number again.
func (f *Frame) AsText(i int, kind Kind) {
	c := &f.Columns[i]
	if c.Kind.IsText() {
		c.Kind = kind
		return
	}
	c.Kind = kind
	code := map[float64]float64{}
	n := len(f.Columns)
	for at := i; at < len(f.Cells); at += n {
		x := f.Cells[at]
		if math.IsNaN(x) {
			continue
		}
		k, seen := code[x]
		if !seen {
			if len(c.Texts) == kind.most() {
				f.giveUp(i)
				return
			}
			k = float64(len(c.Texts))
			code[x] = k
			c.Texts = append(c.Texts, strconv.FormatFloat(x, 'g', -1, 64))
		}
		f.Cells[at] = k
	}
}

// giveUp forgets the texts of column i, of which there are too many.
func (f *Frame) giveUp(i int) {
	f.Columns[i].Texts, f.Columns[i].Many = nil, true
	for at := i; at < len(f.Cells); at += len(f.Columns) {
		f.Cells[at] = math.NaN()
	}
}

// Append adds the rows of g, which must have as many columns of the same kinds,
// behind those of f. The texts of both are one list then; places of g's rows
// are g's.
func (f *Frame) Append(g *Frame) {
	n := len(f.Columns)
	if len(g.Columns) != n {
		panic(fmt.Sprintf("frame: Append of %d columns to %d", len(g.Columns), n))
	}
	from := len(f.Cells)
	f.Cells = append(f.Cells, g.Cells...)
	for i := range f.Columns {
		a, b := &f.Columns[i], &g.Columns[i]
		if a.Kind != b.Kind {
			panic("frame: Append of a column of another kind")
		}
		if a.Odd == nil && b.Odd != nil {
			a.Odd = &Odd{f.Rows + b.Odd.Row, b.Odd.Text}
		}
		if a.Kind.IsText() {
			f.adopt(i, from, b)
		}
	}
	f.Lines = append(f.Lines, g.Lines...)
	f.Rows += g.Rows
}

// adopt makes the cells of column i from position from on, which are indices
// into the texts of b, indices into f's.
func (f *Frame) adopt(i, from int, b *Column) {
	a := &f.Columns[i]
	code := make(map[string]int, len(a.Texts))
	for k, text := range a.Texts {
		code[text] = k
	}
	to := make([]float64, len(b.Texts))
	for k, text := range b.Texts {
		at, seen := code[text]
		if !seen {
			at = len(a.Texts)
			a.Texts = append(slices.Clip(a.Texts), text)
		}
		to[k] = float64(at)
	}
	for at := from + i; at < len(f.Cells); at += len(f.Columns) {
		if x := f.Cells[at]; !math.IsNaN(x) {
			f.Cells[at] = to[int(x)]
		}
	}
	if a.Many || b.Many || len(a.Texts) > a.Kind.most() {
		f.giveUp(i)
	}
}
