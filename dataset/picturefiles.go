package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// pictureFiles returns the files of images:PLACE: those of the folders, by their
// paths from there, or a CSV file and those that it names.
func pictureFiles(ctx context.Context, place string, s Spec) (Files, error) {
	f := Files{source: "images"}
	info, err := os.Stat(place)
	if err != nil {
		return f, fmt.Errorf("%s: %w", place, plainCause(err))
	}
	base := place
	if !info.IsDir() {
		base = filepath.Dir(place)
		f.add(place, filepath.Base(place))
	}
	train, test, err := pictures(ctx, place, info, &s)
	if err != nil {
		return f, err
	}
	seen := map[string]bool{}
	for _, list := range [][]picture{train, test} {
		for _, p := range list {
			name, err := filepath.Rel(base, p.path)
			if err != nil || !filepath.IsLocal(name) || filepath.IsAbs(p.named) {
				return f, fmt.Errorf("%s: it names %s: expected paths below its directory, which other machines have in another place", place, p.named)
			}
			if seen[name] {
				continue // a list may name an image twice
			}
			seen[name] = true
			if !isFile(p.path) {
				return f, fmt.Errorf("%s: %w", p.path, fs.ErrNotExist)
			}
			f.add(p.path, filepath.ToSlash(name))
		}
	}
	return f, nil
}

// listOf returns the name of the CSV file among the names of pictureFiles; ""
// if there are folders.
func listOf(names []string) string {
	for _, name := range names {
		if path.Dir(name) == "." && !isPicture(name) {
			return name
		}
	}
	return ""
}

// pictures lists the images at a place, those for testing apart if they are.
func pictures(ctx context.Context, place string, info fs.FileInfo, s *Spec) (train, test []picture, err error) {
	switch {
	case !info.IsDir():
		train, err = listed(ctx, place, s)
	case isDir(filepath.Join(place, "train")) && isDir(filepath.Join(place, "test")):
		if train, err = byFolder(filepath.Join(place, "train")); err == nil {
			test, err = byFolder(filepath.Join(place, "test"))
		}
	default:
		train, err = byFolder(place)
	}
	return train, test, err
}
