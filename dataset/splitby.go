package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/dataset/frame"
	"github.com/ballast-ml/ballast/internal/spell"
)

// splitting is how rows are divided, as Spec.Split says.
type splitting struct {
	by      string // stratified, time, group, leave or kfold
	column  string // of time, group and leave
	value   string // of leave: the cells of the test rows
	of, one int    // folds, and the one that is tested
}

// parseSplit takes a word as in Spec.Split apart.
func parseSplit(word string) (splitting, error) {
	by, rest, _ := strings.Cut(word, ":")
	switch {
	case word == "" || word == "stratified":
		return splitting{by: "stratified"}, nil
	case (by == "time" || by == "group") && rest != "":
		return splitting{by: by, column: rest}, nil
	case by == "leave":
		if column, value, ok := strings.Cut(rest, "="); ok && column != "" && value != "" {
			return splitting{by: by, column: column, value: value}, nil
		}
		if column, ok := LeaveAll(word); ok {
			return splitting{}, fmt.Errorf("split %q: expected the value to leave out, leave:%s=VALUE; compare --split %[1]s leaves out each in turn", word, column)
		}
	case by == "kfold":
		k, i, _ := strings.Cut(rest, ":")
		of, err1 := strconv.Atoi(k)
		one, err2 := strconv.Atoi(i)
		if err1 == nil && err2 == nil && of >= 2 && one >= 0 && one < of {
			return splitting{by: by, of: of, one: one}, nil
		}
	}
	return splitting{}, fmt.Errorf("split %q: expected stratified, time:COLUMN, group:COLUMN, leave:COLUMN=VALUE or kfold:K:FOLD with a FOLD of 0..K-1, as in kfold:5:0", word)
}

// divide cuts a fraction off the rows, by the hash of a stream or by the column
// that s names. What is cut is for test or validation.
func (r *raw) divide(rows []int32, s splitting, fraction float64, seed, stream uint64) (kept, cut []int32, err error) {
	switch s.by {
	case "time":
		kept, cut = r.table.latest(rows, fraction)
	case "group":
		kept, cut = r.table.wholeGroups(rows, fraction, seed, stream)
	case "leave":
		if stream == streamSplit {
			if kept, cut = r.table.leave(rows, s.value); len(cut) == 0 {
				return nil, nil, r.table.noneToLeave(s)
			}
			break
		}
		kept, cut = split(rows, r.labels, len(r.classes), fraction, seed, stream)
	case "kfold":
		if stream == streamSplit {
			kept, cut = fold(rows, r.labels, len(r.classes), s.of, s.one, seed)
			break
		}
		fallthrough
	default:
		kept, cut = split(rows, r.labels, len(r.classes), fraction, seed, stream)
	}
	if len(kept) == 0 {
		err = fmt.Errorf("--split %s:%s: all rows are of one %[1]s; expected at least two", s.by, s.column)
	}
	return kept, cut, err
}

// latest cuts off the latest rows: a fraction of them, and those of the same
// time as the first of these.
func (t *table) latest(rows []int32, fraction float64) (kept, cut []int32) {
	column := t.frame.Columns[t.split]
	at := func(row int32) float64 { return t.frame.Row(int(row))[t.split] }
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b int32) int {
		x, y := at(a), at(b)
		if column.Kind.IsText() { // as of dates that begin with the year
			return cmp.Or(cmp.Compare(column.Texts[int(x)], column.Texts[int(y)]), cmp.Compare(a, b))
		}
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
	n := max(int(math.Floor(float64(fraction*float64(len(rows)))+0.5)), 1)
	from := len(sorted) - n
	for from > 0 && at(sorted[from-1]) == at(sorted[from]) {
		from--
	}
	return gather(sorted[:from]), gather(sorted[from:])
}

// wholeGroups cuts off groups of rows that share a cell, in the order of the
// hash of their first rows, until a fraction of the rows is cut; one group
// stays.
func (t *table) wholeGroups(rows []int32, fraction float64, seed, stream uint64) (kept, cut []int32) {
	members := map[float64][]int32{}
	var firsts []int32
	for _, row := range rows {
		x := t.frame.Row(int(row))[t.split]
		if members[x] == nil {
			firsts = append(firsts, row)
		}
		members[x] = append(members[x], row)
	}
	hashSort(firsts, seed, stream)
	for i, first := range firsts {
		group := members[t.frame.Row(int(first))[t.split]]
		if i < len(firsts)-1 && float64(len(cut)) < float64(fraction*float64(len(rows))) {
			cut = append(cut, group...)
		} else {
			kept = append(kept, group...)
		}
	}
	if len(firsts) == 1 {
		return nil, gather(kept)
	}
	return gather(kept), gather(cut)
}

// leave cuts off the rows with a value, a text or a number, in the column to
// split by.
func (t *table) leave(rows []int32, value string) (kept, cut []int32) {
	numbers := t.frame.Columns[t.split].Kind == frame.Number && isNumber(value)
	for _, row := range rows {
		if text := t.text(int(row), t.split); text == value || numbers && number(text) == number(value) {
			cut = append(cut, row)
		} else {
			kept = append(kept, row)
		}
	}
	return kept, cut
}

// noneToLeave is the error of a value that no row has.
func (t *table) noneToLeave(s splitting) error {
	var values []string
	if g, err := t.grouped(t.split, "--split"); err == nil {
		values = g.names
	}
	hint := ""
	if near := spell.Nearest(s.value, values); near != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", near)
	}
	return fmt.Errorf("--split leave:%s=%s: no row has this value%s; the column has: %s", s.column, s.value, hint, frame.Listed(values))
}

// fold cuts off fold one of so many: of the n rows of each class, by their
// hash, those from n·one/of to n·(one+1)/of.
func fold(rows, labels []int32, classes, of, one int, seed uint64) (kept, cut []int32) {
	var keep, take [][]int32
	for _, class := range byClass(rows, labels, classes) {
		hashSort(class, seed, streamSplit)
		lo, hi := ShardRange(len(class), of, one)
		take = append(take, class[lo:hi])
		keep = append(keep, class[:lo], class[hi:])
	}
	return gather(keep...), gather(take...)
}

// checkSplit wants a cell in the column by which rows are divided.
func (t *table) checkSplit() error {
	if t.split < 0 {
		return nil
	}
	if t.frame.Columns[t.split].Many {
		return fmt.Errorf("%s: %s: more than %d different texts; expected groups, or times as numbers", t.frame.Path, t.frame.Describe(t.split), frame.MaxTexts)
	}
	for row := range t.frame.Rows {
		if math.IsNaN(t.frame.Row(row)[t.split]) {
			return fmt.Errorf("%s: %s: expected a value to split by, the cell is empty or no number", t.place(int32(row)), t.frame.Describe(t.split))
		}
	}
	return nil
}
