package train

import (
	"fmt"
	"slices"
	"strings"
)

// Method is a parsed --method: a weighter on a base loss, each with options of
// its own. What the words mean is in [Word].
type Method struct {
	// Weighter is the word of the weighter.
	Weighter string
	// Loss is the word of the base loss, or ce.
	Loss string
	// CB multiplies the base loss by class-balanced weights before the weighter
	// sees it; alone it is the weighter cb itself.
	CB bool
	// Sampling is the word of how later epochs draw their rows; empty: each row
	// once in each epoch.
	Sampling string
	// Options are the bracketed ones that take the place of a flag, as flag and
	// value, in order of writing.
	Options [][2]string
	// Own are the bracketed ones without a flag, as word, option and value,
	// sorted. They are part of the method's name.
	Own [][3]string
}

// ParseMethod reads WEIGHTER[+BASELOSS][+cb][+drs], as in absgd[lambda=2@0.8]+la.
// Words may come in any order and at most once; a base loss alone is erm on it.
func ParseMethod(text string) (Method, error) {
	m := Method{Weighter: "erm", Loss: "ce"}
	var seen []string
	pieces, err := splitWords(text)
	if err != nil {
		return m, err
	}
	for _, piece := range pieces {
		w, options, err := parseWord(piece)
		if err != nil {
			return m, err
		}
		if slices.Contains(seen, w.Name) {
			return m, fmt.Errorf("%q names %s twice", text, w.Name)
		}
		for _, other := range seen {
			if words[other].Role == w.Role {
				return m, fmt.Errorf("%q names two %s, %s and %s: keep one", text, w.Role.plural(), other, w.Name)
			}
		}
		seen = append(seen, w.Name)
		m.add(w, options)
	}
	if m.CB && m.Weighter == "erm" {
		m.Weighter, m.CB = "cb", false
	}
	slices.SortFunc(m.Own, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	return m, nil
}

// add gives the word its place.
func (m *Method) add(w *Word, options [][2]string) {
	switch w.Role {
	case RoleWeighter:
		m.Weighter = w.Name
	case RoleLoss:
		m.Loss = w.Name
	case RoleClasses:
		m.CB = true
	case RoleSampling:
		m.Sampling = w.Name
	}
	for _, o := range options {
		if flag := w.option(o[0]).Flag; flag != "" {
			m.Options = append(m.Options, [2]string{flag, o[1]})
		} else {
			m.Own = append(m.Own, [3]string{w.Name, o[0], o[1]})
		}
	}
}

// String returns the method in its one canonical spelling, without options that
// have a flag.
func (m Method) String() string {
	var pieces []string
	if m.Weighter != "erm" || m.Loss == "ce" && !m.CB && m.Sampling == "" {
		pieces = append(pieces, m.spell(m.Weighter))
	}
	if m.Loss != "ce" {
		pieces = append(pieces, m.spell(m.Loss))
	}
	if m.CB {
		pieces = append(pieces, m.spell("cb"))
	}
	if m.Sampling != "" {
		pieces = append(pieces, m.spell(m.Sampling))
	}
	return strings.Join(pieces, "+")
}

// spell returns a word with its own options.
func (m Method) spell(word string) string {
	var options []string
	for _, o := range m.Own {
		if o[0] == word {
			options = append(options, o[1]+"="+o[2])
		}
	}
	if options == nil {
		return word
	}
	return word + "[" + strings.Join(options, ",") + "]"
}

// own returns the values of a word's own options, the defaults included.
func (m Method) own(w *Word) Params {
	p := Params{}
	for _, o := range w.Options {
		if o.Flag == "" {
			p[o.Name] = o.Default
		}
	}
	for _, o := range m.Own {
		if o[0] == w.Name {
			p[o[1]] = o[2]
		}
	}
	return p
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
func parseWord(text string) (w *Word, options [][2]string, err error) {
	name, rest, bracketed := strings.Cut(text, "[")
	w, ok := words[name]
	if !ok {
		return nil, nil, fmt.Errorf("unknown method %q: the words are %s, joined by +, as in absgd+la", name, joinAnd(wordNames()))
	}
	if !bracketed {
		return w, nil, nil
	}
	inside, after, _ := strings.Cut(rest, "]")
	if after != "" {
		return nil, nil, fmt.Errorf("%q has text behind its brackets", text)
	}
	for piece := range strings.SplitSeq(inside, ",") {
		key, value, isOption := strings.Cut(piece, "=")
		switch {
		case isOption && w.option(key) != nil:
			options = append(options, [2]string{key, value})
		case isOption || len(options) == 0:
			return nil, nil, fmt.Errorf("%s has no option %q: it takes %s", name, key, w.optionNames())
		default:
			options[len(options)-1][1] += "," + piece
		}
	}
	for _, o := range options {
		if check := w.option(o[0]).Check; check != nil {
			if err := check(o[1]); err != nil {
				return nil, nil, fmt.Errorf("%s[%s=%s]: %w", name, o[0], o[1], err)
			}
		}
	}
	return w, options, nil
}
