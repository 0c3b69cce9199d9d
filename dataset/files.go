package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Files are the files that a part of a Spec, Data or TestData, is read from.
type Files struct {
	Paths []string
	// Names are the paths in the directory that the part names, or that its files
	// are in, with slashes.
	Names []string

	directory bool   // the part names the directory that the files are in
	source    string // its name
}

// FilesOf returns the files that a source is read from, which is Data or TestData
// of s. It looks for them only by name, and at the list of a folder of pictures;
// the error wraps fs.ErrNotExist if there are none. Sources that are built in or
// on a web server have no such list, which is an error too.
func FilesOf(ctx context.Context, word string, s Spec) (Files, error) {
	src, place, err := parseSource(word)
	if err != nil {
		return Files{}, err
	}
	address, _ := parseAddress(place)
	names, inDirectory := directoryFiles[src.name]
	switch {
	case address != nil:
		return Files{}, fmt.Errorf("data %q: it is on a web server, where each node gets it from", word)
	case src.name == "images":
		return pictureFiles(ctx, place, s)
	case src.format == nil && !inDirectory:
		return Files{}, fmt.Errorf("data %q: expected a table, images:DIR, idx:DIR, cifar10:DIR or cifar100:DIR", word)
	case inDirectory:
		f := Files{directory: true, source: src.name}
		for _, name := range names {
			for _, path := range []string{filepath.Join(place, name), filepath.Join(place, name+".gz")} {
				if isFile(path) {
					f.add(path, filepath.Base(path))
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
	for _, path := range paths {
		f.add(path, filepath.Base(path))
	}
	return f, nil
}

func (f *Files) add(path, name string) {
	f.Paths, f.Names = append(f.Paths, path), append(f.Names, name)
}

// At returns the word for the same source where its files lie in dir under
// these names, alone.
func (f Files) At(dir string, names []string) string {
	switch {
	case f.source == "images":
		return f.source + ":" + filepath.Join(dir, listOf(names))
	case f.directory:
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
