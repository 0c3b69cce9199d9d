package dataset

import (
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// encoded returns the rows of whole records as samples. Of each row it says what
// it would say of the row alone.
func (st *Stream) encoded(l *layout, pieces *frame.Pieces, path string, line int, content []byte) (*Set, error) {
	f, err := pieces.Read(path, line, content)
	if err != nil {
		return nil, err
	}
	t := &table{frame: f, origins: []origin{{0, f}}, parts: l.parts, columns: l.parts.features}
	if err := t.checkNumbers(); err != nil {
		return nil, err
	}
	prep := st.spec.Prep
	s := &Set{classes: len(st.classes), dim: product(prep.Shape), shape: prep.Shape, ids: ascending(0, f.Rows)}
	if s.labels, err = st.labels(t); err != nil {
		return nil, err
	}
	e := newEncoder(t, prep.Features, t.columns)
	s.dense = e.dense
	if s.values, s.places, err = e.read(s.ids, newRoom(&st.spec)); err != nil {
		return nil, err
	}
	s.bags = e.bags(s.ids)
	return s, nil
}

// labels returns the classes of the rows of t.
func (st *Stream) labels(t *table) ([]int32, error) {
	c := &t.frame.Columns[t.label]
	of := t.classOf(st.classes, st.target)
	labels := make([]int32, t.frame.Rows)
	for row := range labels {
		x := t.frame.Row(row)[t.label]
		if math.IsNaN(x) {
			return nil, fmt.Errorf("%s: %s: expected a label, the cell is empty or stands for a missing value", t.place(int32(row)), t.frame.Describe(t.label))
		}
		if labels[row] = of[int(x)]; labels[row] < 0 {
			return nil, fmt.Errorf("%s: %s: label %q is none of the classes of the head: %s (--classes names those that come later, too; a larger --stream looks at more rows)",
				t.place(int32(row)), t.frame.Describe(t.label), c.Texts[int(x)], frame.Listed(st.classes))
		}
	}
	return labels, nil
}

// rowsOf goes on in a stream behind its head, piece by piece.
type rowsOf struct {
	st     *Stream
	reader rowReader
	pieces *frame.Pieces
	of     *layout // that pieces read by
	bad    error   // what is wrong with the row behind the last one
}

// at goes to a place.
func (r *rowsOf) at(m mark) error {
	tap, err := newTap(r.st.place)
	if err != nil {
		return err
	}
	r.reader = rowReader{tap: tap, spec: &r.st.spec}
	return r.reader.seek(m)
}

func (r *rowsOf) close() {
	if r.reader.tap != nil {
		r.reader.tap.close()
	}
}

// next returns more rows, and where they begin. The error is errNotYet if they
// are not there yet, and io.EOF behind the last. A row that cannot be read is the
// error behind the rows before it, however they have come.
func (r *rowsOf) next() (*Set, mark, error) {
	if r.bad != nil {
		return nil, mark{}, r.bad
	}
	for {
		if err := r.open(); err != nil {
			return nil, mark{}, err
		}
		from, path := r.reader.here, r.reader.tap.path()
		content, rows, err := r.reader.records(math.MaxInt)
		if err != nil {
			return nil, mark{}, err
		}
		if rows == 0 {
			continue
		}
		set, err := r.st.encoded(r.of, r.pieces, path, from.line, content)
		if err != nil {
			set, err = r.good(path, from.line, content)
		}
		return set, from, err
	}
}

// open goes to the next file if there is none under way.
func (r *rowsOf) open() error {
	if err := r.reader.open(); err != nil {
		return err
	}
	l := r.reader.here.layout
	if l.parts.features == nil { // of a file just opened
		var err error
		if l, err = r.st.layout(r.reader.tap.path(), l.dialect); err != nil {
			return err
		}
		r.reader.here.layout = l
	}
	if r.of != l {
		r.of, r.pieces = l, l.dialect.Pieces()
	}
	return nil
}

// good returns the rows before the first that cannot be read, which becomes the
// next error; or that error, if it is the first of all.
func (r *rowsOf) good(path string, line int, content []byte) (*Set, error) {
	size, at := 0, line
	for size < len(content) && r.bad == nil {
		n, _, lines := r.of.dialect.Cut(content[size:], true, 1)
		if _, r.bad = r.st.encoded(r.of, r.pieces, path, at, content[size:size+n]); r.bad == nil {
			size, at = size+n, at+lines
		}
	}
	if size == 0 {
		return nil, r.bad
	}
	return r.st.encoded(r.of, r.pieces, path, line, content[:size])
}
