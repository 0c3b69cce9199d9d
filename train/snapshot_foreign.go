package train

import (
	"cmp"
	"fmt"
	"strings"
)

// foreignError says that a checkpoint is whole, but of another run.
type foreignError struct {
	what         string // config, data or contract
	stored, here string
}

func (e *foreignError) Error() string {
	return fmt.Sprintf("a checkpoint of another run: its %s is %s, here it is %s", e.what, e.stored, e.here)
}

// compareIdentity returns a *foreignError that names the first thing in which
// a stored state differs from this run, or nil.
func compareIdentity(stored, here identity) error {
	switch {
	case stored.contract != here.contract:
		return &foreignError{"numeric contract", shorten(stored.contract), here.contract}
	case stored.config != here.config:
		a, b := differingLines(stored.config, here.config)
		return &foreignError{"configuration", a, b}
	case stored.data != here.data:
		return &foreignError{"data fingerprint", shorten(stored.data), shorten(here.data)}
	}
	return nil
}

// namedLines is how many differing keys a message has room for.
const namedLines = 6

// differingLines returns the key=value lines in which two texts differ, as far
// as a message has room for them.
func differingLines(a, b string) (left, right string) {
	left, right = onlyIn(a, b), onlyIn(b, a)
	if left == "" && right == "" {
		return "written in another order", "in this one"
	}
	return cmp.Or(left, "without"), cmp.Or(right, "without")
}

func onlyIn(a, b string) string {
	in := map[string]bool{}
	for line := range strings.Lines(b) {
		in[strings.TrimSpace(line)] = true
	}
	var only []string
	for line := range strings.Lines(a) {
		if line = strings.TrimSpace(line); !in[line] {
			only = append(only, shorten(line))
		}
	}
	if len(only) > namedLines {
		only = append(only[:namedLines], "...")
	}
	return strings.Join(only, ", ")
}

// shorten bounds a text that may be of any length.
func shorten(text string) string {
	if len(text) > 80 {
		return fmt.Sprintf("%q...", text[:77])
	}
	return text
}
