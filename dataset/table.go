package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTexts is the largest number of distinct labels of a table.
const maxTexts = 1 << 16

// table is one CSV file as read. A row has width cells and a label.
type table struct {
	path    string
	sep     byte
	width   int      // features, without the label column
	labelAt int      // index of the label column among all columns
	header  []string // names of all columns, or nil
	cells   []float64
	codes   []int32  // label of each row, an index into texts
	lines   []int32  // line of each row, from 1
	texts   []string // distinct labels, in order of appearance
	seen    []int32  // line of the first appearance of each text

	code map[string]int32 // index of each text
	now  [][]byte         // cells of the row being read
}

// readTable reads a CSV file. header is as in Spec.
func readTable(ctx context.Context, path string, label wanted, header string) (*table, error) {
	f, err := openFile(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseTable(ctx, f, label, header)
}

// parseTable reads a table from an open file.
func parseTable(ctx context.Context, f *file, label wanted, header string) (*table, error) {
	in := newLines(f)
	t := &table{path: f.path, code: map[string]int32{}}
	err := t.start(in, label, header)
	if err == nil {
		err = t.rows(ctx, in)
	}
	switch broken := in.Err(); {
	case errors.Is(broken, bufio.ErrTooLong):
		return nil, fmt.Errorf("%s:%d: a line of more than %d bytes; expected a text file with one row in each line", t.path, in.number+1, maxLine)
	case broken != nil: // and with it, maybe, the line that err complains of
		return nil, f.wrap(broken)
	case err == nil && len(t.codes) == 0:
		return nil, fmt.Errorf("%s: no rows behind the header", t.path)
	case err != nil:
		return nil, err
	}
	return t, nil
}

// start reads line 1, and with it what the columns are. If line 1 is a row
// and no header, it is left in the reader for rows.
func (t *table) start(in *lines, label wanted, header string) error {
	if !in.next() {
		return fmt.Errorf("%s: the file is empty; expected rows of numbers with a label column", t.path)
	}
	line := in.text()
	sep, err := separator(line)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", t.path, in.number, err)
	}
	cells, err := splitCells(nil, line, sep)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", t.path, in.number, err)
	}
	first := make([]string, len(cells))
	for i, c := range cells {
		first[i] = string(c)
	}
	t.sep, t.width = sep, len(first)-1
	named := header == "yes" || header != "no" && looksNamed(first, label.label)
	if t.labelAt, err = label.find(first, named); err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	if !named {
		return t.row(in)
	}
	for i, name := range first {
		if !utf8.ValidString(name) {
			return fmt.Errorf("%s:%d: the name of column index %d is not UTF-8 text: %q", t.path, in.number, i, name)
		}
	}
	t.header = first
	return nil
}

// rows reads the rest of the file.
func (t *table) rows(ctx context.Context, in *lines) error {
	for in.next() {
		if len(t.codes)%4096 == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		if err := t.row(in); err != nil {
			return err
		}
	}
	return nil
}

// row adds the line that in is at.
func (t *table) row(in *lines) error {
	cells, err := splitCells(t.now[:0], in.text(), t.sep)
	t.now = cells
	if err != nil {
		return fmt.Errorf("%s:%d: %w", t.path, in.number, err)
	}
	if len(cells) != t.width+1 {
		return fmt.Errorf("%s:%d: expected %d columns as in the first line, found %d", t.path, in.number, t.width+1, len(cells))
	}
	for i, c := range cells {
		if i == t.labelAt {
			err = t.addLabel(c, in.number)
		} else {
			err = t.addCell(c)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %s: %w", t.path, in.number, t.column(i), err)
		}
	}
	t.lines = append(t.lines, int32(in.number))
	return nil
}

func (t *table) addCell(c []byte) error {
	x, err := strconv.ParseFloat(string(c), 64)
	switch {
	case len(c) == 0:
		return errors.New("expected a number, the cell is empty")
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("expected a finite number, %s is out of range", quote(c))
	case err != nil && t.sep == ';' && strings.Contains(string(c), ","):
		return fmt.Errorf("expected a number with a decimal point, found %s", quote(c))
	case err != nil && t.header == nil && len(t.codes) == 0:
		return fmt.Errorf(`expected a number, found %s (if line 1 holds names, say so: header yes)`, quote(c))
	case err != nil:
		return fmt.Errorf("expected a number, found %s", quote(c))
	case !finite(x):
		return fmt.Errorf("expected a finite number, found %s", quote(c))
	}
	t.cells = append(t.cells, x)
	return nil
}

func (t *table) addLabel(c []byte, line int) error {
	if code, ok := t.code[string(c)]; ok {
		t.codes = append(t.codes, code)
		return nil
	}
	switch {
	case len(c) == 0:
		return errors.New("expected a label, the cell is empty")
	case !utf8.Valid(c):
		return fmt.Errorf("expected a label in UTF-8 text, found %s", quote(c))
	case len(t.texts) == maxTexts:
		return fmt.Errorf("more than %d different labels; expected the column of a class", maxTexts)
	}
	code := int32(len(t.texts))
	t.code[string(c)] = code
	t.codes = append(t.codes, code)
	t.texts = append(t.texts, string(c))
	t.seen = append(t.seen, int32(line))
	return nil
}
