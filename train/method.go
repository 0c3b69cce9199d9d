package train

import (
	"fmt"
	"slices"
	"strings"
)

// Method is a parsed --method: a weighter on a base loss, each with options of
// its own.
type Method struct {
	// Weighter is erm, cb or absgd.
	Weighter string
	// Loss is ce or la.
	Loss string
	// CB multiplies the base loss by class-balanced weights before ABSGD sees
	// it; with the other weighters it is the weighter cb itself.
	CB bool
	// Options are the bracketed ones, as flag and value, in order of writing.
	Options [][2]string
}

// methodOptions maps the names allowed in a word's brackets to the flags whose
// place they take.
var methodOptions = map[string]map[string]string{
	"erm":   {},
	"cb":    {"from": "cb-from", "beta": "cb-beta"},
	"la":    {"tau": "tau"},
	"absgd": {"lambda": "lambda", "gamma": "gamma", "alpha": "alpha", "u-init": "u-init", "floor": "floor"},
}

// ParseMethod reads WEIGHTER[+BASELOSS][+cb], as in absgd[lambda=2@0.8]+la.
// Words may come in any order and at most once; la alone is erm on logit
// adjustment.
func ParseMethod(text string) (Method, error) {
	m := Method{Weighter: "erm", Loss: "ce"}
	var seen []string
	words, err := splitWords(text)
	if err != nil {
		return m, err
	}
	for _, word := range words {
		name, options, err := parseWord(word)
		if err != nil {
			return m, err
		}
		if slices.Contains(seen, name) {
			return m, fmt.Errorf("%q names %s twice", text, name)
		}
		seen = append(seen, name)
		m.Options = append(m.Options, options...)
		switch name {
		case "la":
			m.Loss = "la"
		case "cb":
			m.CB = true
		case "absgd":
			m.Weighter = "absgd"
		}
	}
	if slices.Contains(seen, "erm") && m.Weighter != "erm" {
		return m, fmt.Errorf("%q names two weighters, erm and %s: keep one", text, m.Weighter)
	}
	if m.CB && m.Weighter == "erm" {
		m.Weighter, m.CB = "cb", false
	}
	return m, nil
}

// String returns the method in its one canonical spelling, without options.
func (m Method) String() string {
	s := m.Weighter
	if m.Loss != "ce" {
		if s == "erm" {
			s = m.Loss
		} else {
			s += "+" + m.Loss
		}
	}
	if m.CB {
		s += "+cb"
	}
	return s
}

// splitWords cuts text at the plus signs outside brackets.
func splitWords(text string) ([]string, error) {
	var words []string
	depth, start := 0, 0
	for i, c := range text {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case '+':
			if depth == 0 {
				words = append(words, text[start:i])
				start = i + 1
			}
		}
		if depth < 0 || depth > 1 {
			return nil, fmt.Errorf("%q has brackets that do not match", text)
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("%q has brackets that do not match", text)
	}
	return append(words, text[start:]), nil
}

// parseWord reads NAME or NAME[key=value,...]. A comma inside a value is kept:
// only a piece with its own '=' starts a new option.
func parseWord(word string) (name string, options [][2]string, err error) {
	name, rest, bracketed := strings.Cut(word, "[")
	known, ok := methodOptions[name]
	if !ok {
		return "", nil, fmt.Errorf("unknown method %q: the words are erm, cb, la and absgd, joined by +, as in absgd+la", name)
	}
	if !bracketed {
		return name, nil, nil
	}
	inside, after, _ := strings.Cut(rest, "]")
	if after != "" {
		return "", nil, fmt.Errorf("%q has text behind its brackets", word)
	}
	for piece := range strings.SplitSeq(inside, ",") {
		key, value, isOption := strings.Cut(piece, "=")
		switch {
		case isOption && known[key] != "":
			options = append(options, [2]string{known[key], value})
		case isOption || len(options) == 0:
			return "", nil, fmt.Errorf("%s has no option %q: it takes %s", name, key, optionNames(known))
		default:
			options[len(options)-1][1] += "," + piece
		}
	}
	return name, options, nil
}

func optionNames(known map[string]string) string {
	if len(known) == 0 {
		return "none"
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
