package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// classesOf sorts label texts into classes: by their values if all are
// numbers, else as text. Numbers of one value, such as 1 and 1.0, are one
// class, named by the shorter text.
func classesOf(texts []string) []string {
	names := slices.Clone(texts)
	if !allNumbers(texts) {
		slices.Sort(names)
		return names
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return slices.CompactFunc(names, func(a, b string) bool { return number(a) == number(b) })
}

// classIndex finds the class of a label text.
type classIndex struct {
	byText  map[string]int32
	byValue map[float64]int32 // nil unless all classes are numbers
}

func indexClasses(classes []string) classIndex {
	x := classIndex{byText: map[string]int32{}}
	if allNumbers(classes) {
		x.byValue = map[float64]int32{}
	}
	for c, name := range classes {
		x.byText[name] = int32(c)
		if x.byValue != nil {
			x.byValue[number(name)] = int32(c)
		}
	}
	return x
}

// of returns the class of a text.
func (x classIndex) of(text string) (class int32, ok bool) {
	if class, ok = x.byText[text]; !ok && x.byValue != nil && isNumber(text) {
		class, ok = x.byValue[number(text)]
	}
	return class, ok
}

// classify returns the class of each row of t.
func (t *table) classify(classes []string, whose string) ([]int32, error) {
	index := indexClasses(classes)
	to := make([]int32, len(t.texts))
	for i, text := range t.texts {
		var ok bool
		if to[i], ok = index.of(text); !ok {
			return nil, fmt.Errorf("%s:%d: %s: label %q is none of the classes of %s: %s",
				t.path, t.seen[i], t.column(t.labelAt), text, whose, listed(classes))
		}
	}
	labels := make([]int32, len(t.codes))
	for i, code := range t.codes {
		labels[i] = to[code]
	}
	return labels, nil
}

func allNumbers(texts []string) bool {
	return !slices.ContainsFunc(texts, func(s string) bool { return !isNumber(s) })
}

func isNumber(s string) bool {
	x, err := strconv.ParseFloat(s, 64)
	return err == nil && finite(x)
}

// number is the value of a text that isNumber.
func number(s string) float64 {
	x, _ := strconv.ParseFloat(s, 64)
	return x
}
