package dataset

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// Limits of what is worth a warning.
const (
	fewRows    = 50     // below, everything may be chance
	looked     = 20_000 // rows at which leaks are looked for
	duplicates = 0.01   // of the test rows
)

// warn looks for what makes figures better than they are, and keys among the
// features. It changes nothing.
func (d *Data) warn(r *raw, train []int32) {
	if t := r.table; t != nil && len(train) >= fewRows {
		some := thin(train, looked)
		for _, at := range t.columns {
			column := t.frame.Describe(at)
			if t.numbersRows(at, r.train) {
				d.Warnings = append(d.Warnings, column+" numbers the rows, or nearly so; if it is a key, --drop leaves it out")
			} else if t.leaks(at, some, r.labels, len(r.classes)) {
				d.Warnings = append(d.Warnings, column+" alone tells the class of every row; is it known before the class is? --drop leaves it out")
			}
		}
	}
	if n := d.repeated(); n > 0 && float64(n) >= duplicates*float64(d.Test.Len()) {
		d.Warnings = append(d.Warnings, fmt.Sprintf("%d of %d test rows (%.1f %%) are training rows, too: figures flatter the model",
			n, d.Test.Len(), 100*float64(n)/float64(d.Test.Len())))
	}
}

// thin returns at most so many of the rows, evenly spaced.
func thin(rows []int32, most int) []int32 {
	if len(rows) <= most {
		return rows
	}
	some := make([]int32, most)
	for i := range some {
		some[i] = rows[i*len(rows)/most]
	}
	return some
}

// numbersRows reports whether a column of the first rows holds whole numbers
// that rise with every row, without gaps worth the name.
func (t *table) numbersRows(at, rows int) bool {
	if t.frame.Columns[at].Kind != frame.Number || rows < fewRows {
		return false
	}
	last := math.Inf(-1)
	for row := range rows {
		x := t.frame.Row(row)[at]
		if x != math.Trunc(x) || !(x > last) {
			return false
		}
		last = x
	}
	return last-t.frame.Row(0)[at] < 2*float64(rows)
}

// leaks reports whether the rows of each class hold values of a column that no
// other class has: few texts, or ranges of numbers.
func (t *table) leaks(at int, rows, labels []int32, classes int) bool {
	seen := make([]int, classes)
	sorted := slices.Clone(rows)
	cell := func(row int32) float64 { return t.frame.Row(int(row))[at] }
	slices.SortFunc(sorted, func(a, b int32) int {
		return cmp.Or(cmp.Compare(cell(a), cell(b)), cmp.Compare(labels[a], labels[b])) // NaN, missing, is the least
	})
	changes, distinct := 0, 1
	for i, row := range sorted {
		seen[labels[row]]++
		if i == 0 {
			continue
		}
		before := sorted[i-1]
		same := cmp.Compare(cell(before), cell(row)) == 0
		if !same {
			distinct++
		}
		if labels[before] != labels[row] {
			if same {
				return false
			}
			changes++
		}
	}
	if slices.Min(seen) < 10 {
		return false
	}
	if t.frame.Columns[at].Kind.IsText() {
		return 10*distinct <= len(rows)
	}
	return changes <= 2*(classes-1)
}

// repeated counts the test rows whose features are those of a training row.
func (d *Data) repeated() int {
	seed := maphash.MakeSeed()
	tested := make(map[uint64]int, d.Test.Len()) // the smaller part
	var b []byte
	for i := range d.Test.Len() {
		b = d.Test.content(b[:0], i)
		tested[maphash.Bytes(seed, b)]++
	}
	n := 0
	for i := range d.Train.Len() {
		b = d.Train.content(b[:0], i)
		h := maphash.Bytes(seed, b)
		if k, ok := tested[h]; ok {
			n += k
			delete(tested, h)
		}
	}
	return n
}

// content appends the features of sample i, as they are stored.
func (s *Set) content(dst []byte, i int) []byte {
	if s.pixels != nil {
		return append(dst, s.pixels[i*s.dim:(i+1)*s.dim]...)
	}
	for _, x := range s.values[i*s.dense : (i+1)*s.dense] {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
	}
	n := len(s.places) / len(s.labels)
	for _, at := range s.places[i*n : (i+1)*n] {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(at))
	}
	n = len(s.bags) / len(s.labels)
	for _, bag := range s.bags[i*n : (i+1)*n] {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(bag)))
		for _, e := range bag {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(e.at))
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(e.v))
		}
	}
	return dst
}
