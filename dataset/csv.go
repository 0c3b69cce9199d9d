package dataset

import (
	"cmp"
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// headSize is how much of a text is looked at before it is read: its first
// record has to end there.
const headSize = 32 << 20

// readCSV reads a text of rows with separators.
func readCSV(ctx context.Context, place string, s *Spec, _ int, want kinds) (*frame.Frame, error) {
	o, err := s.csvOptions()
	if err != nil {
		return nil, err
	}
	return readText(ctx, place, s, want, func(path string, head []byte) (frame.Dialect, error) {
		return frame.Sniff(path, head, o)
	})
}

// readText reads a text whose dialect sniff tells by how it begins, or finds
// its table in the cache.
func readText(ctx context.Context, place string, s *Spec, want kinds, sniff func(path string, head []byte) (frame.Dialect, error)) (*frame.Frame, error) {
	path, packed, err := readPackedIn(ctx, place, s.memory())
	if err != nil {
		return nil, err
	}
	head, err := unpack(path, packed, headSize)
	if err != nil {
		return nil, err
	}
	d, err := sniff(path, head)
	if err != nil {
		return nil, err
	}
	if err := decide(&d, path, want); err != nil {
		return nil, err
	}
	c := cache{s.Cache, s.note, s.memory()}
	entry := c.entry(packed, d)
	if f := c.load(entry, path); f != nil {
		return f, nil
	}
	content := head
	if len(head) == headSize {
		if content, err = s.memory().unpacked(path, packed); err != nil {
			return nil, err
		}
	}
	if len(content) > s.memory().most {
		d.Room = s.memory().cells
	}
	f, err := d.Parse(ctx, path, content)
	if err == nil {
		c.save(entry, f)
	}
	return f, err
}

// decide has want say of what kinds the columns of a text are.
func decide(d *frame.Dialect, path string, want kinds) (err error) {
	if d.Kinds, err = want(d.Names, len(d.Kinds)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i, kind := range d.Kinds {
		if kind == frame.Unused { // all cells of a text are read
			d.Kinds[i] = frame.Auto
		}
	}
	return nil
}

// csvOptions are the options of s that say how a text is read.
func (s *Spec) csvOptions() (frame.Options, error) {
	o := frame.Options{Header: s.Header, Label: cmp.Or(s.Label, "-1")}
	var err error
	if o.Separator, err = parseSeparator(s.Separator); err != nil {
		return o, err
	}
	if s.Missing != "" && s.Missing != "auto" {
		if o.Missing, err = splitList(s.Missing); err != nil {
			return o, fmt.Errorf("missing: %w", err)
		}
	}
	if s.Label == "" && s.Prep != nil {
		o.Label = s.Prep.Label
	}
	return o, nil
}

// parseSeparator returns the byte that a word means; 0 for auto.
func parseSeparator(word string) (byte, error) {
	switch word {
	case "", "auto":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	case "space":
		return ' ', nil
	case "comma":
		return ',', nil
	}
	if len(word) == 1 && word[0] > ' ' && word[0] < 0x7f && word[0] != '"' && word[0] != '\'' && word[0] != '.' && (word[0] < '0' || word[0] > '9') {
		return word[0], nil
	}
	return 0, fmt.Errorf("separator %q: expected auto, comma, tab, space or one character, as in ';'", word)
}
