package train

import "strings"

// BaseOf returns what a method stands on: itself without its weighter, or if it
// has none of its own without class weights, or without its base loss. That of
// absgd+la is la, that of la is erm, and erm has none. Options stay with their
// words.
func BaseOf(method string) (base string, ok bool) {
	pieces, err := splitWords(method)
	if err != nil {
		return "", false
	}
	for _, role := range []Role{RoleWeighter, RoleClasses, RoleLoss} {
		for i, piece := range pieces {
			w, _, err := parseWord(piece)
			if err != nil {
				return "", false
			}
			if w.Role != role || w.Name == "erm" {
				continue
			}
			rest := append(append([]string{}, pieces[:i]...), pieces[i+1:]...)
			if len(rest) == 0 {
				return "erm", true
			}
			return strings.Join(rest, "+"), true
		}
	}
	return "", false
}

// SplitMethods reads methods separated by commas outside brackets.
func SplitMethods(text string) []string {
	var list []string
	depth, start := 0, 0
	for i, c := range text {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			list = append(list, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(list, strings.TrimSpace(text[start:]))
}
