package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// list looks for files behind the one under way. A listing may miss a file that
// comes while it is made and have one that comes later: so what counts is the
// second one, up to the last name of the first; or all of it, if the end was told
// before.
func (t *tap) list() error {
	if t.over {
		return nil
	}
	_, err := os.Stat(filepath.Join(t.dir, EndName))
	ended := err == nil
	first, err := t.names()
	if err != nil || len(first) == 0 && !ended {
		return err
	}
	all, err := t.names()
	if err != nil {
		return err
	}
	behind, _ := slices.BinarySearch(all, t.name)
	if behind < len(all) && all[behind] == t.name {
		behind++
	}
	if t.name != "" && behind > t.files {
		return fmt.Errorf("%s: a file has come whose name lies before %s, which has been read (%d files, expected %d): files of a stream come in the order of their names",
			t.dir, t.name, behind, t.files)
	}
	t.more, t.over = all[behind:], ended
	if !ended {
		last := first[len(first)-1]
		t.more = t.more[:max(0, upTo(all, last)-behind)]
	}
	return nil
}

// upTo returns how many of the sorted names are not behind last.
func upTo(names []string, last string) int {
	at, found := slices.BinarySearch(names, last)
	if found {
		at++
	}
	return at
}

// names returns the names of the files that are part of the stream, sorted.
func (t *tap) names() ([]string, error) {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.dir, plainCause(err))
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || name == EndName || strings.HasPrefix(name, ".") {
			continue
		}
		if t.pattern == "" && byExtension(name) != "csv" {
			continue
		}
		if t.pattern != "" {
			if ok, _ := filepath.Match(t.pattern, name); !ok {
				continue
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}
