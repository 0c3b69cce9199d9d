package share

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of names, which file systems have, too.
const (
	maxName  = 1000 // bytes of a path
	maxWord  = 200  // of a name in it
	maxDepth = 32
)

// checkName refuses a name that is no plain path downward: it is made a path of
// the node that fetches, which may be of another system.
func checkName(name string) error {
	words := strings.Split(name, "/")
	odd := len(name) > maxName || len(words) > maxDepth || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune(`\:`, r) }) ||
		!filepath.IsLocal(filepath.FromSlash(name))
	for _, w := range words {
		odd = odd || w == "" || len(w) > maxWord || w[0] == '.' // hidden, here, or up
	}
	if odd {
		return fmt.Errorf("%.80q is no name of a file that is given away: expected names below the directory, joined by /, "+
			"of at most %d bytes each, that do not begin with a dot and hold no backslash, colon or control character", name, maxWord)
	}
	return nil
}

// checkNames refuses two files in one place, and a file where another one has a
// directory. Some file systems do not tell cases apart.
func checkNames(files []Entry) error {
	seen := make(map[string]bool, len(files))
	key := func(e Entry) string { return e.Part + "/" + strings.ToLower(e.Name) }
	for _, e := range files {
		if seen[key(e)] {
			return fmt.Errorf("file %q is there twice, if large and small letters are the same", e.Name)
		}
		seen[key(e)] = true
	}
	for _, e := range files {
		for at, k := range key(e) {
			if k == '/' && seen[key(e)[:at]] {
				return fmt.Errorf("file %q lies in a file", e.Name)
			}
		}
	}
	return nil
}
