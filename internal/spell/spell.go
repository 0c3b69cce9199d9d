// Package spell finds what a person meant by a word that does not exist.
package spell

import (
	"slices"
	"strings"
)

// Nearest returns the known word that takes the fewest changes of a letter to
// become word, whatever their case, or "" if none is near enough to be what
// was meant. Of two that are equally near it is the first in the alphabet.
func Nearest(word string, known []string) string {
	best, least := "", max(2, len(word)/2)+1
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes: how many letters to insert, delete or
// change.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // distances of a's first i bytes to b's first j
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
