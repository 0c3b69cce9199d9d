package dataset

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// readCSV reads a text of rows with separators.
func readCSV(ctx context.Context, place string, s *Spec, want kinds) (*frame.Frame, error) {
	path, content, err := readFile(ctx, place)
	if err != nil {
		return nil, err
	}
	o, err := s.csvOptions()
	if err != nil {
		return nil, err
	}
	d, err := frame.Sniff(path, content, o)
	if err != nil {
		return nil, err
	}
	if d.Kinds, err = want(d.Names, len(d.Kinds)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d.Parse(ctx, path, content)
}

// readFile reads a file, decompressed, into memory.
func readFile(ctx context.Context, place string) (path string, content []byte, err error) {
	f, err := openFile(ctx, place)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	if content, err = io.ReadAll(f); err != nil {
		return "", nil, f.wrap(err)
	}
	return f.path, content, nil
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
