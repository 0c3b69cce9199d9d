package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// Stream is the rows of a table that follow those which Open has read, its head.
// Nobody knows how many there are; some may not be there yet. They lie in
//
//	FILE        which is whole
//	FILE.spool  which grows until FILE.spool.end holds its size: see [SpoolSuffix]
//	DIR         files that are whole when they have their names, in the order of
//	            their names, until a file END is there; or those of DIR that match
//	            a pattern such as DIR/part-*
//
// The head says which columns there are and of what kinds, how they are prepared,
// and what the classes are. All else is found out row by row, and what a row
// becomes depends on nothing but the row: neither on when it came, nor on what
// came with it.
type Stream struct {
	place    string
	spec     Spec
	classes  []string
	target   []string
	numbered int  // rows that have a number, before its first
	first    mark // where it begins

	mu struct {
		sync.Mutex
		places map[stop]bookmark
	}
}

// newStream is what s says of the stream at place.
func newStream(place string, s *Spec) *Stream {
	st := &Stream{place: place, spec: *s}
	st.spec.room = nil
	st.mu.places = map[stop]bookmark{}
	return st
}

// checkStream reports what in s does not go with a stream.
func (s *Spec) checkStream(src source) error {
	var errs []error
	bad := func(text string, values ...any) { errs = append(errs, fmt.Errorf(text, values...)) }
	if s.Classes != "" && src.format == nil && src.name != "" {
		bad("classes %q: expected a table, as in csv:FILE", s.Classes)
	}
	if s.Classes != "" && s.Target != "" {
		bad("classes %q: --target makes the classes; leave one of them out", s.Classes)
	}
	switch {
	case s.Stream == 0 && src.name == "csv" && isStdin(s.Data):
		bad("data %q: standard input is a stream: add --stream HEAD, the number of rows that the columns are found out by, as in --stream 2000", s.Data)
	case s.Stream == 0:
		return errors.Join(errs...)
	case s.Stream < 2:
		bad("stream %d: expected the number of rows that the columns are found out by, at least 2", s.Stream)
	}
	if src.name != "csv" && src.name != "" {
		bad("stream %d: expected csv:-, csv:DIR or csv:FILE; %s is no stream", s.Stream, s.Data)
	}
	if _, place, err := parseSource(s.Data); err == nil {
		if address, _ := parseAddress(place); address != nil {
			bad("stream %d: expected a directory or a file; %s is on a web server", s.Stream, s.Data)
		}
	}
	for _, f := range []struct {
		said bool
		flag string
		why  string
	}{
		{s.LongTail != 0, "--long-tail", "it needs the number of rows of each class"},
		{s.LabelNoise != "", "--label-noise", "it changes rows that were read before the first step"},
		{s.Weight != "", "--weight", "it needs the mean weight of all rows"},
		{s.GroupBy != "", "--group-by", "it needs all groups"},
		{s.Split != "" && s.Split != "stratified", "--split " + s.Split, "test rows are those of the head, a fifth of each class, or those of --test-data"},
	} {
		if f.said {
			bad("%s does not go with --stream: %s", f.flag, f.why)
		}
	}
	return errors.Join(errs...)
}

// isStdin tells whether a word means standard input.
func isStdin(word string) bool {
	_, place, err := parseSource(word)
	return err == nil && place == "-"
}

// IsStdin tells whether a word means the rows of standard input, which the
// launcher spools into a file.
func IsStdin(word string) bool { return word == "-" || SourceName(word) == "csv" && isStdin(word) }

// openHead reads the head.
func (st *Stream) openHead(ctx context.Context, place string, s *Spec) (*raw, error) {
	if place == "-" {
		return nil, errors.New("standard input is spooled by launcher run; a node of its own reads csv:DIR or csv:FILE")
	}
	tap, err := newTap(place)
	if err != nil {
		return nil, err
	}
	defer tap.close()
	r := &rowReader{tap: tap, spec: &st.spec}
	var all joined
	for left := s.Stream; left > 0; {
		rows, err := st.headOf(ctx, s, r, &all, left)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		left -= rows
	}
	if all.f == nil {
		return nil, fmt.Errorf("%s: the stream has ended without a row", place)
	}
	st.first = r.here
	return tableOf(ctx, place, s, all.f, all.origins)
}

// headOf adds rows of the next file, or all of them, to the head.
func (st *Stream) headOf(ctx context.Context, s *Spec, r *rowReader, all *joined, most int) (rows int, err error) {
	if err := st.await(ctx, all, r.open); err != nil {
		return 0, err
	}
	path, d := r.tap.path(), r.here.layout.dialect
	d.Body, d.Line = 0, r.here.line
	var content []byte
	for rows < most && r.here.layout != nil {
		err := st.await(ctx, all, func() error {
			piece, n, err := r.records(most - rows)
			content, rows = append(content, piece...), rows+n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	if rows == 0 {
		return 0, nil
	}
	parse := format(func(ctx context.Context, path string, _ *Spec, _ int, want kinds) (*frame.Frame, error) {
		if err := decide(&d, path, want); err != nil {
			return nil, err
		}
		return d.Parse(ctx, path, content)
	})
	f, err := parse.read(ctx, path, s, 0, all.kinds(roles{s}.kinds))
	if err != nil {
		return 0, err
	}
	return rows, all.add(s, f)
}

// await calls step again until what it needs is there.
func (st *Stream) await(ctx context.Context, all *joined, step func() error) error {
	began, told := time.Now(), false
	for {
		err := step()
		if !errors.Is(err, errNotYet) {
			if told {
				st.spec.Waiting("")
			}
			return err
		}
		if !told && st.spec.Waiting != nil && time.Since(began) >= time.Second {
			told = true
			rows := 0
			if all.f != nil {
				rows = all.f.Rows
			}
			st.spec.Waiting(st.waitsAt(int64(rows), "the head has %d rows", st.spec.Stream))
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// waitsAt says that rows are waited for, of which so many have been read.
func (st *Stream) waitsAt(rows int64, text string, values ...any) string {
	said := fmt.Sprintf("waiting for rows: %s has given %d", st.place, rows)
	if text != "" {
		said += " (" + fmt.Sprintf(text, values...) + ")"
	}
	return said
}

// follow takes from the head what the rows behind it are read by.
func (st *Stream) follow(d *Data, r *raw) error {
	st.spec.Prep, st.spec.Label = &d.Prep, "" // it knows the label of a file with other columns
	st.classes, st.target, st.numbered = r.classes, r.target, len(r.labels)
	if st.first.layout == nil {
		return nil
	}
	var err error
	st.first.layout, err = st.layout(st.first.name, st.first.layout.dialect)
	return err
}

// layout is how the rows of a file are read whose columns are not decided yet.
func (st *Stream) layout(path string, d frame.Dialect) (*layout, error) {
	by := roles{&st.spec}
	l := &layout{dialect: d}
	var err error
	if l.parts, err = by.of(d.Names, len(d.Kinds)); err == nil {
		l.dialect.Kinds, err = by.kinds(d.Names, len(d.Kinds))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}
