package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Files are the files that a part of a Spec, Data or TestData, is read from.
type Files struct {
	// Directory says that the part names the directory that the files are in.
	Directory bool
	Paths     []string

	source string // its name
}

// FilesOf returns the files that a source is read from. It looks for them only
// by name; the error wraps fs.ErrNotExist if there are none. Sources that are
// built in, on a web server or folders of pictures have no such list, which is
// an error too.
func FilesOf(word string) (Files, error) {
	src, place, err := parseSource(word)
	if err != nil {
		return Files{}, err
	}
	address, _ := parseAddress(place)
	names, inDirectory := directoryFiles[src.name]
	switch {
	case address != nil:
		return Files{}, fmt.Errorf("data %q: it is on a web server, where each node gets it from", word)
	case src.format == nil && !inDirectory:
		return Files{}, fmt.Errorf("data %q: expected a table, idx:DIR, cifar10:DIR or cifar100:DIR", word)
	case inDirectory:
		f := Files{Directory: true, source: src.name}
		for _, name := range names {
			for _, path := range []string{filepath.Join(place, name), filepath.Join(place, name+".gz")} {
				if isFile(path) {
					f.Paths = append(f.Paths, path)
					break
				}
			}
		}
		if len(f.Paths) == 0 {
			return f, fmt.Errorf("%s: %w", place, fs.ErrNotExist)
		}
		return f, nil
	}
	f := Files{source: src.name}
	paths, err := expand(place)
	if err != nil || slices.ContainsFunc(paths, func(p string) bool { return !isFile(p) }) {
		return f, errors.Join(fmt.Errorf("%s: %w", place, fs.ErrNotExist), err)
	}
	f.Paths = paths
	return f, nil
}

// At returns the word for the same source where its files lie in dir under
// these names, alone.
func (f Files) At(dir string, names []string) string {
	switch {
	case f.Directory:
		return f.source + ":" + dir
	case len(names) == 1:
		return f.source + ":" + filepath.Join(dir, names[0])
	}
	return f.source + ":" + filepath.Join(dir, "*")
}

// directoryFiles are the names of the files of the sources that are directories.
var directoryFiles = map[string][]string{
	"idx": {
		trainFiles + "-images-idx3-ubyte", trainFiles + "-labels-idx1-ubyte",
		testFiles + "-images-idx3-ubyte", testFiles + "-labels-idx1-ubyte", "classes.txt",
	},
	"cifar10":  slices.Concat(cifar10.train, cifar10.test, []string{cifar10.names}),
	"cifar100": slices.Concat(cifar100.train, cifar100.test, []string{cifar100.names}),
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
