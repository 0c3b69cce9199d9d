package dataset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Spec says what to open. The zero value of a field is its default.
type Spec struct {
	// Data is the source:
	//
	//	glyphs    the built-in characters
	//	fashion-mnist, mnist  the published files, downloaded to Cache once and
	//	              compared with their checksums
	//	idx:DIR   the four files of MNIST and its successors, gzipped or not
	//	images:DIR    a folder of PNG and JPEG files for each class; or such
	//	              directories train and test; or a CSV file of paths
	//	cifar10:DIR   the files of CIFAR-10's binary version, or of CIFAR-100's
	//	cifar100:DIR  (its fine labels)
	//
	// or a table, whose file may be gzipped:
	//
	//	csv:FILE     a text with a row in each line and a separator between cells
	//	arff:FILE    Weka's attribute-relation format
	//	libsvm:FILE  lines of LABEL INDEX:VALUE ...
	//	parquet:FILE  flat columns
	//	npy:FILE     a matrix of NumPy's with the label in a column
	//	npz:FILE     arrays of NumPy's: x or data or features, and y or label
	//
	// A FILE with * ? or [ in its name is all the files that match, by their
	// names in order; a word without NAME: is taken for the source that its file
	// name tells.
	//
	// DIR and FILE are paths, or addresses on a web server (http or https) from
	// which Open downloads the files. A file classes.txt in DIR names the
	// classes, one in a line; else they have the names that they were published
	// with, if the labels are those of a set that we know, or their numbers.
	Data string
	// TestData is a second table whose rows are the test rows; empty: a fifth of
	// the table Data, stratified. Columns are found by their names, or by their
	// places where one of the files has no names.
	TestData string
	// Label is the label column of a table: its name, or its index from 0;
	// negative indices count from the end. Empty is "-1", the last column (or,
	// with Prep, the column that Prep names).
	Label string
	// Target, a list of labels separated by commas, makes two classes of all:
	// the rows with one of these labels, and the others.
	Target string
	// Header says whether the first row of a text holds names: auto (or empty),
	// yes or no. Auto takes it for names if no feature in it is a number and it
	// is unlike the rows that follow.
	Header string
	// Separator is what stands between the cells of a text: auto (or empty),
	// comma, tab, space or one character. Auto is the first of tab, semicolon,
	// comma, bar and space that line 1 has.
	Separator string
	// Missing lists the texts that stand for a missing cell, as an empty cell
	// always does; auto (or empty) is frame.DefaultMissing.
	Missing string
	// Categorical and Drop list columns, by name or index: those whose numbers
	// are the codes of categories, and those to leave out. A column of text is
	// one of categories without being told.
	Categorical, Drop string
	// Text lists columns of free text, whose words are to be read; TextBuckets is
	// the number of values of a sample that each becomes: 0 is DefaultBuckets. See
	// Bag.
	Text        string
	TextBuckets int
	// Weight is a column of numbers of at least 0, by name or index: so many copies
	// of its row a training row counts as, up to a common factor. It is no feature.
	// Rows of weight 0 are not trained on; those of validation and of testing count
	// alike, whatever their weight. Empty: all rows count alike.
	Weight string
	// Scale is what becomes of numbers: standard (or empty), quantile or none.
	Scale string
	// LongTail thins the training classes exponentially, the largest to have
	// so many times the rows of the smallest. 0 leaves them as they are; the
	// glyphs have a tail of 100 if it is 0, and none if it is 1.
	LongTail float64
	// LabelNoise is empty, or sym:RATE: that part of the training labels is
	// changed to another class, each equally likely.
	LabelNoise string
	// ValFraction of the training rows becomes Val, stratified; in [0, 1).
	ValFraction float64
	// Stream, if positive, says that Data is a stream of rows (csv:FILE, which may
	// grow, or csv:DIR, to which files are added): so many of its rows are read by
	// Open, and the others by a Loader. See [Stream].
	Stream int
	// Classes lists the classes of a table, also those that no row has that Open
	// reads; empty: the labels of the rows.
	Classes string
	// Waiting is told why Open waits for rows of a stream, and of the end of the
	// waiting by an empty reason; it may be nil.
	Waiting func(reason string)
	// Seed of split, tail, noise and glyphs.
	Seed uint64
	// Split says how the rows of a source without test rows of its own are
	// divided:
	//
	//	stratified     a fifth of each class is for testing (or empty)
	//	kfold:K:FOLD   fold 0..K-1 of K of each class is
	//	time:COLUMN    the latest fifth is, by a number or a text such as a date
	//	group:COLUMN   whole groups of rows with the same cell are, about a fifth
	//	leave:COLUMN=VALUE  the rows with this cell are: a domain not seen in training
	//
	// By time and group it also cuts off validation rows, of any source.
	Split string
	// GroupBy is a column of a table, by name or index, whose values divide the
	// rows into groups (see [Data.GroupOf]); empty: none. It is no feature unless
	// GroupFeature says so.
	GroupBy      string
	GroupFeature bool
	// ImageSize is the size in pixels that the files of images:DIR are brought to:
	// one number, HEIGHTxWIDTH, or auto (or empty): that of the first.
	ImageSize string
	// Prep, if set, is used instead of fitting: the classes and the features of a
	// stored model. It is not changed.
	Prep *Prep
	// Unlabelled says that Data is a table without labels, or whose labels are
	// not to be looked at: all its rows are test rows, in the order of the files,
	// and of class 0. It needs Prep.
	Unlabelled bool
	// Cache is a directory for what took work to make of files: parsed tables,
	// and files with a checksum that were downloaded. It is made if it is not
	// there. Empty: nothing is kept. It changes nothing in what is read.
	Cache string
	// InMemory is the size in bytes of the largest piece of the data (a text, its
	// cells, the samples of a part) that is held in memory: larger ones lie in
	// files in Cache, or where temporary files do, and are read in place. 0 is
	// DefaultInMemory. It changes nothing in what is read.
	InMemory int64

	warnings []string // what Open has to tell
	room     *room    // made by memory
}

// memory is what gives room for the data.
func (s *Spec) memory() *room {
	if s.room == nil {
		s.room = newRoom(s)
	}
	return s.room
}

// note takes down what a person should know.
func (s *Spec) note(text string) { s.warnings = append(s.warnings, text) }

// GlyphTail is the long tail of the built-in glyphs if none is asked for.
const GlyphTail = 100

// source is one kind of thing that Spec.Data can name.
type source struct {
	name   string
	placed bool // a colon and a place follow the name
	open   func(ctx context.Context, place string, s *Spec) (*raw, error)
	format format // of tables, in place of open
}

// sources is the list of them.
var sources = []source{
	{name: "glyphs", open: openGlyphs},
	{name: "fashion-mnist", open: fashionMNIST.open},
	{name: "mnist", open: mnist.open},
	{name: "idx", placed: true, open: openIDX},
	{name: "images", placed: true, open: openFolder},
	{name: "cifar10", placed: true, open: cifar10.open},
	{name: "cifar100", placed: true, open: cifar100.open},
	{name: "csv", placed: true, format: readCSV},
	{name: "arff", placed: true, format: readARFF},
	{name: "libsvm", placed: true, format: readLibSVM},
	{name: "parquet", placed: true, format: readParquet},
	{name: "npy", placed: true, format: readNPY},
	{name: "npz", placed: true, format: readNPZ},
}

// sourceWords lists the sources for messages.
func sourceWords() string {
	var all []string
	for _, s := range sources {
		word := s.name
		switch {
		case s.format != nil:
			word += ":FILE"
		case s.placed:
			word += ":DIR"
		}
		all = append(all, word)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
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
		case test.format == nil || src.format == nil && src.name != "":
			errs = append(errs, fmt.Errorf("test data %q: expected a table beside a table, as in csv:FILE; images and glyphs bring their own test rows", s.TestData))
		}
	}
	if s.Weight != "" && src.format == nil && src.name != "" {
		errs = append(errs, fmt.Errorf("weight %q: expected a table, as in csv:FILE; %s has no columns", s.Weight, src.name))
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
	switch s.Scale {
	case "", ScaleStandard, ScaleQuantile, ScaleNone:
	default:
		errs = append(errs, fmt.Errorf("scale %q: expected standard, quantile or none", s.Scale))
	}
	if s.TextBuckets != 0 {
		errs = append(errs, (&Bag{BagHash, s.TextBuckets}).check())
	}
	_, err = parseSize(s.ImageSize)
	errs = append(errs, err)
	_, err = parseSplit(s.Split)
	errs = append(errs, err)
	if s.GroupFeature && s.GroupBy == "" {
		errs = append(errs, errors.New("--group-feature: --group-by is missing, the column that is to be a feature as well"))
	}
	_, err = parseSeparator(s.Separator)
	errs = append(errs, err)
	for _, list := range [][2]string{{"missing", s.Missing}, {"categorical", s.Categorical}, {"drop", s.Drop}, {"text", s.Text}, {"target", s.Target}, {"classes", s.Classes}} {
		if _, err := splitList(list[1]); err != nil {
			errs = append(errs, fmt.Errorf("%s %q: %w", list[0], list[1], err))
		}
	}
	errs = append(errs, s.checkStream(src))
	return errors.Join(errs...)
}

// parseSource takes NAME or NAME:PLACE apart.
func parseSource(word string) (src source, place string, err error) {
	name, place, colon := strings.Cut(word, ":")
	at := slices.IndexFunc(sources, func(s source) bool { return s.name == name && s.placed == colon })
	if at < 0 {
		name, place, colon = byExtension(word), word, true
		at = slices.IndexFunc(sources, func(s source) bool { return s.name == name })
	}
	if at < 0 {
		return source{}, "", fmt.Errorf("data %q: expected %s, or a FILE whose name ends as in .csv or .arff", word, sourceWords())
	}
	if colon && place == "" {
		return source{}, "", fmt.Errorf("data %q: expected a path or an address behind the colon", word)
	}
	if _, err := parseAddress(place); err != nil {
		return source{}, "", fmt.Errorf("data %q: %w", word, err)
	}
	return sources[at], place, nil
}

// extensions tell the source of a file that is named without one.
var extensions = map[string]string{
	".csv": "csv", ".tsv": "csv", ".txt": "csv", ".data": "csv",
	".arff": "arff", ".svm": "libsvm", ".libsvm": "libsvm", ".svmlight": "libsvm", ".npy": "npy", ".npz": "npz", ".parquet": "parquet", ".pq": "parquet",
}

// byExtension returns the source that the name of a file tells; "" if it tells
// none.
func byExtension(word string) string {
	name := word
	if u, err := parseAddress(word); u != nil && err == nil {
		name = u.Path
	}
	return extensions[strings.ToLower(path.Ext(strings.TrimSuffix(name, ".gz")))]
}

// SourceName returns the name of the source that a word means, as in csv of
// csv:FILE; the word itself if it means none.
func SourceName(word string) string {
	src, _, err := parseSource(word)
	if err != nil {
		return word
	}
	return src.name
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
