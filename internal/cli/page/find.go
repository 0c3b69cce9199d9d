package page

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Find returns the run directories that a path stands for: itself, or those in
// it, as a run of several methods leaves them; first those of the given names,
// in their order.
func Find(path string, names []string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if isRun(path) {
		return []string{path}, nil
	}
	var dirs, others []string
	for _, e := range entries {
		switch dir := filepath.Join(path, e.Name()); {
		case !isRun(dir):
		case slices.Contains(names, e.Name()):
			dirs = append(dirs, dir)
		default:
			others = append(others, dir)
		}
	}
	slices.SortFunc(dirs, func(a, b string) int {
		return slices.Index(names, filepath.Base(a)) - slices.Index(names, filepath.Base(b))
	})
	if dirs = append(dirs, others...); len(dirs) == 0 {
		return nil, fmt.Errorf("%s is no run: neither it nor a directory in it has a %s or a %s; give the directory that a run was told by --out", path, metricsName, summaryName)
	}
	return dirs, nil
}

func isRun(dir string) bool {
	for _, name := range []string{metricsName, summaryName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}
