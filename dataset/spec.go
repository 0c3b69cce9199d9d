package dataset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Spec says what to open. The zero value of a field is its default.
type Spec struct {
	// Data is the source:
	//
	//	glyphs    the built-in characters
	//	idx:DIR   the four files of MNIST and its successors, gzipped or not
	//	csv:FILE  a table of numbers with a label column, gzipped or not
	//
	// DIR and FILE are paths, or addresses on a web server (http or https) from
	// which Open downloads the files. A file classes.txt in DIR names the
	// classes, one in a line; else they have the names that they were published
	// with, if the labels are those of a set that we know, or their numbers.
	Data string
	// TestData is csv:FILE, a second table whose rows are the test rows; empty:
	// a fifth of the table Data, stratified.
	TestData string
	// Label is the label column of a table: its name, or its index from 0;
	// negative indices count from the end. Empty is "-1", the last column (or,
	// with Prep, the column that Prep names).
	Label string
	// LongTail thins the training classes exponentially, the largest to have
	// so many times the rows of the smallest. 0 leaves them as they are; the
	// glyphs have a tail of 100 if it is 0, and none if it is 1.
	LongTail float64
	// LabelNoise is empty, or sym:RATE: that part of the training labels is
	// changed to another class, each equally likely.
	LabelNoise string
	// ValFraction of the training rows becomes Val, stratified; in [0, 1).
	ValFraction float64
	// Seed of split, tail, noise and glyphs.
	Seed uint64
	// Header says whether line 1 of a table holds names: auto (or empty), yes
	// or no. Auto takes it for names if no feature in it is a number.
	Header string
	// Prep, if set, is used instead of fitting: the classes and the
	// standardisation of a stored model. It is not changed.
	Prep *Prep
}

// GlyphTail is the long tail of the built-in glyphs if none is asked for.
const GlyphTail = 100

// source is one kind of thing that Spec.Data can name.
type source struct {
	name   string
	placed bool // a colon and a place follow the name
	open   func(ctx context.Context, place string, s *Spec) (*raw, error)
}

// sources is the list of them.
var sources = []source{
	{"glyphs", false, openGlyphs},
	{"idx", true, openIDX},
	{"csv", true, openCSV},
}

// Check reports everything that is wrong with s itself, without opening
// anything.
func Check(s Spec) error {
	var errs []error
	src, _, err := parseSource(s.Data)
	errs = append(errs, err)
	if s.TestData != "" {
		test, _, err := parseSource(s.TestData)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("test data: %w", err))
		case test.name != "csv" || src.name != "csv" && src.name != "":
			errs = append(errs, fmt.Errorf("test data %q: expected csv:FILE beside data csv:FILE; idx and glyphs bring their own test rows", s.TestData))
		}
	}
	if s.LongTail != 0 && (!(s.LongTail >= 1) || math.IsInf(s.LongTail, 0)) {
		errs = append(errs, fmt.Errorf("long tail %g: expected the ratio of the largest class to the smallest, at least 1 (or 0 for none)", s.LongTail))
	}
	_, err = parseNoise(s.LabelNoise)
	errs = append(errs, err)
	if !(s.ValFraction >= 0 && s.ValFraction < 1) {
		errs = append(errs, fmt.Errorf("validation fraction %g: expected 0 or more and less than 1", s.ValFraction))
	}
	switch s.Header {
	case "", "auto", "yes", "no":
	default:
		errs = append(errs, fmt.Errorf("header %q: expected auto, yes or no", s.Header))
	}
	return errors.Join(errs...)
}

// parseSource takes NAME or NAME:PLACE apart.
func parseSource(word string) (src source, place string, err error) {
	name, place, colon := strings.Cut(word, ":")
	at := slices.IndexFunc(sources, func(s source) bool { return s.name == name && s.placed == colon })
	if at < 0 {
		return source{}, "", fmt.Errorf("data %q: expected glyphs, idx:DIR or csv:FILE", word)
	}
	if colon && place == "" {
		return source{}, "", fmt.Errorf("data %q: expected a path or an address behind the colon", word)
	}
	if _, err := parseAddress(place); err != nil {
		return source{}, "", fmt.Errorf("data %q: %w", word, err)
	}
	return sources[at], place, nil
}

// parseNoise returns the rate of sym:RATE, and 0 for the empty word.
func parseNoise(word string) (float64, error) {
	if word == "" {
		return 0, nil
	}
	kind, rate, _ := strings.Cut(word, ":")
	r, err := strconv.ParseFloat(rate, 64)
	if kind != "sym" || err != nil || !(r >= 0 && r < 1) {
		return 0, fmt.Errorf("label noise %q: expected sym:RATE with a rate of at least 0 and less than 1, as in sym:0.4", word)
	}
	return r, nil
}
