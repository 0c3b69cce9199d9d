package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bag says how a column of free text is read: as the n-grams in it, each hashed to
// one of so many values of a sample (K. Weinberger et al., "Feature hashing for
// large scale multitask learning", ICML 2009).
//
// A word is a run of letters and digits, in lower case. The n-grams are the words,
// the pairs of words that follow each other, and three characters of a word in
// turn, of which the first is < before the word and the last > behind it. Each has
// a bucket and a sign; a value is the sum of the signs of the n-grams that fell
// there, over the root of the sum of squares of all, so that texts of any length
// have the norm 1. A text without n-grams is 0 everywhere.
//
// Nothing is fitted and no word is stored: a new text is read as an old one, and
// unknown words have buckets, too. The hash is fixed for ever: FNV-1a, 64 bits, of
// the letter w or c and the n-gram (a space between two words), then mix.
type Bag struct {
	// Hash is BagHash: what is written here has that name.
	Hash string `json:"hash"`
	// Buckets is the number of values, 2 to 65,535.
	Buckets int `json:"buckets"`
}

// BagHash names how texts are read, in model files.
const BagHash = "ngrams-1"

// DefaultBuckets are those of a Bag if nothing else is said.
const DefaultBuckets = 4096

// MaxBuckets is the most that they may be: one less than what a network takes, for
// the flag of a missing cell.
const MaxBuckets = 1<<16 - 1

func (b *Bag) check() error {
	if b.Hash != BagHash {
		return fmt.Errorf("text hashed by %q: expected %q, the one that this program knows", b.Hash, BagHash)
	}
	if b.Buckets < 2 || b.Buckets > MaxBuckets {
		return fmt.Errorf("text in %d buckets: expected 2 to %d", b.Buckets, MaxBuckets)
	}
	return nil
}

// entry is a value of a sample that is not 0, and its place.
type entry struct {
	at int32
	v  float32
}

// counter adds up signs by bucket. Sums of whole numbers do not depend on their
// order.
type counter struct {
	sums    []int32
	touched []int32
	seen    []bool
}

func newCounter(buckets int) *counter {
	return &counter{sums: make([]int32, buckets), seen: make([]bool, buckets)}
}

// bag returns the entries of a text, by ascending bucket.
func (c *counter) bag(text string) []entry {
	c.grams(text)
	slices.Sort(c.touched)
	square := 0.0
	for _, at := range c.touched {
		x := float64(c.sums[at])
		square += float64(x * x)
	}
	root := math.Sqrt(square)
	var all []entry
	for _, at := range c.touched {
		if c.sums[at] != 0 {
			all = append(all, entry{at, float32(float64(c.sums[at]) / root)})
		}
		c.sums[at], c.seen[at] = 0, false
	}
	c.touched = c.touched[:0]
	return all
}

// grams counts the n-grams of a text.
func (c *counter) grams(text string) {
	last := ""
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		c.add('w', word)
		if last != "" {
			c.add('w', last, " ", word)
		}
		last = word
		c.characters(word)
	}
}

// characters counts the trigrams of <word>.
func (c *counter) characters(word string) {
	padded := "<" + word + ">"
	for from := 0; ; {
		to := from
		for range 3 {
			_, n := utf8.DecodeRuneInString(padded[to:])
			to += n
		}
		c.add('c', padded[from:to])
		if to == len(padded) {
			return
		}
		_, n := utf8.DecodeRuneInString(padded[from:])
		from += n
	}
}

// add counts the n-gram that is made of some parts.
func (c *counter) add(kind byte, parts ...string) {
	h := (uint64(14695981039346656037) ^ uint64(kind)) * 1099511628211
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
	}
	h = mix(h, 0, streamText)
	at := int32((h >> 32) * uint64(len(c.sums)) >> 32)
	if !c.seen[at] {
		c.seen[at] = true
		c.touched = append(c.touched, at)
	}
	c.sums[at] += 1 - 2*int32(h&1)
}

// textBags are the bags of a column.
type textBags struct {
	column  int
	texts   [][]entry // by index of the text
	missing []entry   // where the cell is missing
}

// textBags reads the texts of a column, whose values begin at a place of the
// sample, once.
func (t *table) textBags(f *Feature, column int, first int32) *textBags {
	if b := t.bags[column]; b != nil {
		return b
	}
	texts := t.frame.Columns[column].Texts
	b := &textBags{column: column, texts: make([][]entry, len(texts))}
	c := newCounter(f.Text.Buckets)
	for k, text := range texts {
		b.texts[k] = c.bag(text)
		for i := range b.texts[k] {
			b.texts[k][i].at += first
		}
	}
	if f.Missing {
		b.missing = []entry{{first + int32(f.Text.Buckets), 1}}
	}
	if t.bags == nil {
		t.bags = map[int]*textBags{}
	}
	t.bags[column] = b
	return b
}

// bags returns the free texts of the given rows.
func (e *encoder) bags(rows []int32) [][]entry {
	if len(e.texts) == 0 {
		return nil
	}
	all := make([][]entry, 0, len(rows)*len(e.texts))
	for _, row := range rows {
		for _, b := range e.texts {
			bag := b.missing
			if x := e.t.frame.Row(int(row))[b.column]; !math.IsNaN(x) {
				bag = b.texts[int(x)]
			}
			all = append(all, bag)
		}
	}
	return all
}

// fitText fits a column of free text. What it returns is empty, or says why the
// column is of no use.
func (t *table) fitText(f *Feature, rows []int32, buckets int) (useless string) {
	present := 0
	for _, row := range rows {
		if !math.IsNaN(t.frame.Row(int(row))[f.Index]) {
			present++
		}
	}
	if buckets == 0 {
		buckets = DefaultBuckets
	}
	f.Text, f.Missing = &Bag{BagHash, buckets}, present < len(rows)
	if present == 0 {
		return "all its cells are missing in the training rows"
	}
	return ""
}
