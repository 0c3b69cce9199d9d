package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// mark is a place in a stream, between two records.
type mark struct {
	name   string // of the file
	files  int    // begun so far; 0: the beginning of the stream
	at     int64  // byte of the file, unpacked
	line   int    // of the file, from 1
	layout *layout
}

// layout is how the records of one file are read; it is not changed any more once
// a mark has it. Between two files there is none.
type layout struct {
	dialect frame.Dialect
	parts   parts // of its columns
}

// rowReader cuts the records of a stream into pieces. What is not there yet is
// errNotYet, and can be asked for again.
type rowReader struct {
	tap   *tap
	spec  *Spec
	buf   []byte // of the file under way, from the place here on
	room  []byte // that buf lies in
	whole bool   // the file under way ends with buf
	here  mark
}

// open sees to it that there is a file under way, of known dialect. The error is
// io.EOF behind the last file.
func (r *rowReader) open() error {
	if r.here.layout != nil {
		return nil
	}
	if r.here.files == 0 || r.whole && len(r.buf) == 0 {
		if err := r.tap.next(); err != nil {
			return err
		}
		r.buf, r.whole = nil, false
		r.here = mark{name: r.tap.name, files: r.tap.files, line: 1}
	}
	return r.sniff()
}

// sniff finds out the dialect of the file under way by its first lines: so many,
// that what it finds does not depend on how much is there.
func (r *rowReader) sniff() error {
	lines := r.spec.Stream + 1
	for bytes.Count(r.buf, []byte("\n")) < lines && len(r.buf) < headSize && !r.whole {
		if err := r.fill(); err != nil {
			return err
		}
	}
	o, err := r.spec.csvOptions()
	if err != nil {
		return err
	}
	d, err := frame.Sniff(r.tap.path(), firstLines(r.buf, lines), o)
	if err == nil && d.EOL != '\n' {
		err = fmt.Errorf("%s: expected lines that end in a line feed, found carriage returns alone", r.tap.path())
	}
	if err != nil {
		return err
	}
	r.here.layout = &layout{dialect: d}
	r.pass(d.Body)
	r.here.line = d.Line
	return nil
}

// firstLines returns so many lines of content, or all of them.
func firstLines(content []byte, most int) []byte {
	at := 0
	for range most {
		n := bytes.IndexByte(content[at:], '\n')
		if n < 0 {
			return content
		}
		at += n + 1
	}
	return content[:at]
}

// fill reads some more of the file under way.
func (r *rowReader) fill() error {
	if free := cap(r.buf) - len(r.buf); free < frame.PieceSize {
		if want := len(r.buf) + frame.PieceSize; cap(r.room) < want {
			r.room = make([]byte, 2*want)
		}
		r.buf = r.room[:copy(r.room[:cap(r.room)], r.buf)]
	}
	n, err := r.tap.read(r.buf[len(r.buf) : len(r.buf)+frame.PieceSize])
	r.buf = r.buf[:len(r.buf)+n]
	if errors.Is(err, io.EOF) {
		r.whole, err = true, nil
	}
	return err
}

// pass moves on by n bytes.
func (r *rowReader) pass(n int) {
	r.buf = r.buf[n:]
	r.here.at += int64(n)
}

// records returns the next whole records of the file under way and moves past
// them: not more than the given number, and not much more than a piece. They stay
// as they are until the next call. At the end of the file there are none.
func (r *rowReader) records(most int) (content []byte, rows int, err error) {
	d := &r.here.layout.dialect
	for {
		piece := r.buf[:min(len(r.buf), frame.PieceSize)]
		size, rows, lines := d.Cut(piece, r.whole && len(piece) == len(r.buf), most)
		if size == 0 && len(piece) < len(r.buf) { // a record longer than that
			size, rows, lines = d.Cut(r.buf, r.whole, 1)
		}
		if size > 0 || r.whole {
			content = r.buf[:size]
			r.pass(size)
			r.here.line += lines
			if r.whole && len(r.buf) == 0 {
				r.here.layout = nil
			}
			return content, rows, nil
		}
		if err := r.fill(); err != nil {
			return nil, 0, err
		}
	}
}

// seek goes to a place where a reader of the same stream was.
func (r *rowReader) seek(m mark) error {
	r.buf, r.here = nil, m
	r.whole = m.layout == nil && m.files > 0
	return r.tap.seek(m)
}
