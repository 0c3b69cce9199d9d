package dataset

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/dataset/frame"
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

// of returns the class of a text. Some sets end the labels of one file, but not
// those of another, with a full stop; it does not count.
func (x classIndex) of(text string) (class int32, ok bool) {
	if class, ok = x.exactly(text); !ok {
		if bare, cut := strings.CutSuffix(text, "."); cut {
			return x.exactly(bare)
		}
		class, ok = x.exactly(text + ".")
	}
	return class, ok
}

func (x classIndex) exactly(text string) (class int32, ok bool) {
	if class, ok = x.byText[text]; !ok && x.byValue != nil && isNumber(text) {
		class, ok = x.byValue[number(text)]
	}
	return class, ok
}

func allNumbers(texts []string) bool {
	return !slices.ContainsFunc(texts, func(s string) bool { return !isNumber(s) })
}

func isNumber(s string) bool { return frame.IsNumber(s) }

// number is the value of a text that isNumber.
func number(s string) float64 {
	x, _ := strconv.ParseFloat(s, 64)
	return x
}
