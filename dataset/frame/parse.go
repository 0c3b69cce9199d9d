package frame

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/ballast-ml/ballast/internal/mapped"
)

// blockSize is the number of bytes that a worker parses at a time.
const blockSize = 1 << 20

// Parse reads the rows of a text, whose dialect is d, in as many goroutines as
// there are processors.
func (d Dialect) Parse(ctx context.Context, path string, content []byte) (*Frame, error) {
	guessed := d
	guessed.Kinds = d.guess(content)
	f, counts, err := guessed.parse(ctx, path, content)
	if err != nil {
		return nil, err
	}
	// What the first rows have made us guess, all rows may belie: then once more.
	right := slices.Clone(guessed.Kinds)
	for i, kind := range d.Kinds {
		if kind == Auto {
			right[i] = counts[i].kind()
		}
	}
	if slices.Equal(right, guessed.Kinds) {
		return f, nil
	}
	guessed.Kinds = right
	f, _, err = guessed.parse(ctx, path, content)
	return f, err
}

// kind is that of a column with such cells.
func (t tally) kind() Kind {
	if 10*t.odd > t.numbers {
		return Text
	}
	return Number
}

// guess returns the kinds of d, and for those that are Auto what the first rows
// look like.
func (d Dialect) guess(content []byte) []Kind {
	kinds := slices.Clone(d.Kinds)
	for i, kind := range kinds {
		if kind == Auto {
			kinds[i] = Number
		}
	}
	head := d
	head.Kinds = kinds
	b := newBlock(&head)
	b.reset()
	r := d.records(content)
	for range sample {
		record, _, ok := r.next()
		if !ok || len(record) > maxRecord || b.row(record) != nil {
			break
		}
		b.rows++
	}
	for i, kind := range d.Kinds {
		if kind == Auto {
			kinds[i] = b.count[i].kind()
		}
	}
	return kinds
}

// records walks over the rows of content.
func (d *Dialect) records(content []byte) *records {
	return newRecords(content, d.Body, d.Line, d.Separator, d.EOL)
}

// parse reads all rows, by kinds of which none is Auto.
func (d *Dialect) parse(ctx context.Context, path string, content []byte) (*Frame, []tally, error) {
	f := &Frame{Path: path, Named: d.Names != nil, Columns: make([]Column, len(d.Kinds))}
	for i := range f.Columns {
		f.Columns[i].Kind = d.Kinds[i]
		if f.Named {
			f.Columns[i].Name = d.Names[i]
		}
	}
	if d.Room != nil { // no cell is shorter than the separator behind it
		var err error
		if f.Cells, err = d.Room(len(content) + len(d.Kinds)); err != nil {
			return nil, nil, err
		}
	}
	m := merger{f: f, d: d, counts: make([]tally, len(d.Kinds)), codes: make([]dictionary, len(d.Kinds)), line: d.Line, size: len(content)}
	for i := range m.codes {
		m.codes[i].code, m.codes[i].most = map[string]int32{}, d.Kinds[i].most()
	}
	if err := d.inBlocks(ctx, content, m.add); err != nil {
		var bad *recordError
		if errors.As(err, &bad) {
			err = fmt.Errorf("%s:%d: %w", path, bad.line, bad.err)
		}
		return nil, nil, err
	}
	if f.Rows == 0 {
		return nil, nil, fmt.Errorf("%s: no rows behind the header", path)
	}
	m.finish()
	return f, m.counts, nil
}

// inBlocks parses content in blocks of whole records, and calls add with each of
// them, in order and one at a time.
func (d *Dialect) inBlocks(ctx context.Context, content []byte, add func(*block) error) error {
	type job struct {
		content []byte
		b       *block
		done    chan struct{}
	}
	workers := max(1, runtime.GOMAXPROCS(0))
	jobs := make(chan *job)
	order := make(chan *job, 2*workers)
	free := make(chan *block, 3*workers+2)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for j := range jobs {
				if err := mapped.Guard(func() { j.b.parse(newRecords(j.content, 0, 0, d.Separator, d.EOL)) }); err != nil {
					j.b.err = &recordError{0, err}
				}
				close(j.done)
			}
		})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	all.Go(func() {
		defer close(order)
		defer close(jobs)
		cuts := d.records(content)
		for cuts.at < len(content) && ctx.Err() == nil {
			from := cuts.at
			if err := mapped.Guard(func() { cuts.skip(from + blockSize) }); err != nil {
				cancel(err)
				return
			}
			var b *block
			select {
			case b = <-free:
			default:
				b = newBlock(d)
			}
			j := &job{content[from:cuts.at], b, make(chan struct{})}
			select {
			case order <- j:
			case <-ctx.Done():
				return
			}
			jobs <- j
		}
	})
	var err error
	for j := range order {
		<-j.done
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			if fault := mapped.Guard(func() { err = add(j.b) }); fault != nil {
				err = fault
			}
			if err != nil {
				cancel(err)
			}
		}
		free <- j.b
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	cancel(nil)
	all.Wait()
	return err
}

// skip moves on to the first record at or behind position to. Its lines are not
// counted.
func (r *records) skip(to int) {
	if to >= len(r.content) {
		r.at = len(r.content)
		return
	}
	if !r.quotes {
		r.at = min(r.lineEnd(to)+1, len(r.content))
		return
	}
	for r.at < to {
		r.at = min(r.end()+1, len(r.content))
	}
}

// merger puts blocks behind each other.
type merger struct {
	f      *Frame
	d      *Dialect
	counts []tally
	codes  []dictionary
	line   int // of the first record of the next block
	size   int // of the content
}

// add appends a block to the frame.
func (m *merger) add(b *block) error {
	if bad, ok := b.err.(*recordError); ok {
		return &recordError{m.line + bad.line, bad.err}
	}
	f, n := m.f, len(m.d.Kinds)
	if f.Rows == 0 && b.rows > 0 { // as many more rows as their size lets expect
		blocks := m.size/blockSize + 1
		if m.d.Room == nil {
			f.Cells = slices.Grow(f.Cells, len(b.cells)*blocks+len(b.cells)/16)
		}
		f.Lines = slices.Grow(f.Lines, b.rows*blocks+b.rows/16)
	}
	if f.Rows+b.rows > math.MaxInt32 {
		return fmt.Errorf("%s: more than %d rows", f.Path, math.MaxInt32)
	}
	if !b.dense && len(f.Cells)+len(b.cells) > maxDense {
		return fmt.Errorf("%s: %w", f.Path, errDense)
	}
	from := len(f.Cells)
	f.Cells = append(f.Cells, b.cells...)
	for _, line := range b.lines {
		f.Lines = append(f.Lines, int32(m.line)+line)
	}
	for i := range n {
		m.column(i, from, b)
	}
	f.Rows += b.rows
	m.line += b.line
	return nil
}

// column merges what a block knows of column i, whose cells begin at from.
func (m *merger) column(i, from int, b *block) {
	t, more := &m.counts[i], &b.count[i]
	if t.odd == 0 && more.odd > 0 {
		t.first = Odd{m.f.Rows + more.first.Row, more.first.Text}
	}
	t.numbers += more.numbers
	t.odd += more.odd
	if !m.d.Kinds[i].IsText() {
		return
	}
	mine, its := &m.codes[i], &b.texts[i]
	mine.many = mine.many || its.many
	to := make([]float64, len(its.texts))
	same := true
	for k, text := range its.texts {
		code, err := mine.intern([]byte(text))
		if err != nil {
			panic("frame: a text that was valid: " + err.Error())
		}
		to[k] = float64(code)
		same = same && int(code) == k
	}
	if same || mine.many {
		return
	}
	n := len(m.d.Kinds)
	cells := m.f.Cells[from:]
	for at := i; at < len(cells); at += n {
		if x := cells[at]; x == x { // not NaN
			cells[at] = to[int(x)]
		}
	}
}

// finish fills in what is known when all blocks are there.
func (m *merger) finish() {
	for i := range m.f.Columns {
		c := &m.f.Columns[i]
		switch {
		case c.Kind == Number && m.counts[i].odd > 0:
			c.Odd = &m.counts[i].first
		case c.Kind.IsText() && m.codes[i].many:
			m.f.giveUp(i)
		case c.Kind.IsText():
			c.Texts = m.codes[i].texts
		}
	}
}

// ParseCSV sniffs a text and reads it.
func ParseCSV(ctx context.Context, path string, content []byte, o Options) (*Frame, error) {
	d, err := Sniff(path, content, o)
	if err != nil {
		return nil, err
	}
	return d.Parse(ctx, path, content)
}
