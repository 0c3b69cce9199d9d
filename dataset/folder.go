package dataset

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ballast-ml/ballast/dataset/frame"
	"github.com/ballast-ml/ballast/internal/mapped"
)

// picture is an image file and its class as text.
type picture struct {
	path, class string
	named       string // the path as a list has it; "" without one
}

// openFolder reads the images of a directory with a folder for each class, or
// with such directories train and test; or those that a CSV file lists.
func openFolder(ctx context.Context, place string, s *Spec) (*raw, error) {
	if u, err := parseAddress(place); u != nil || err != nil {
		return nil, fmt.Errorf("%s: expected a directory or a CSV file on this machine; images are not downloaded one by one", shown(place))
	}
	size, err := parseSize(s.ImageSize)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(place)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, plainCause(err))
	}
	train, test, err := pictures(ctx, place, info, s)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(train, test)
	colours := false
	if p := s.Prep; p != nil && len(p.Shape) == 3 {
		size, colours = imageSize{p.Shape[1], p.Shape[2]}, p.Shape[0] == 3
	}
	pixels, shape, err := decodeAll(ctx, all, size, colours, s.memory())
	if err != nil {
		return nil, err
	}
	r := &raw{name: base(place), path: place, kind: Image, shape: shape, train: len(train), pixels: picker(pixels, product(shape), s.memory())}
	return r, classifyPictures(r, all, s)
}

// classifyPictures finds the classes, and the class of every image.
func classifyPictures(r *raw, all []picture, s *Spec) error {
	whose := "the training images"
	if s.Prep != nil {
		if err := s.Prep.check(r.path, r.kind, r.shape); err != nil {
			return err
		}
		r.classes, whose = s.Prep.Classes, "the stored model"
	} else {
		seen := map[string]bool{}
		var texts []string
		for _, p := range all[:r.train] {
			if !seen[p.class] {
				seen[p.class] = true
				texts = append(texts, p.class)
			}
		}
		r.classes = classesOf(texts)
		if len(r.classes) < 2 {
			return fmt.Errorf("%s: expected images of at least 2 classes, found those of %s", r.path, strings.Join(r.classes, ", "))
		}
	}
	index := indexClasses(r.classes)
	for _, p := range all {
		class, ok := index.of(p.class)
		if !ok {
			return fmt.Errorf("%s: class %q is none of those of %s: %s", p.path, p.class, whose, frame.Listed(r.classes))
		}
		r.labels = append(r.labels, class)
	}
	return nil
}

// byFolder lists the images in the folders of dir, by the names of folders and
// then of files.
func byFolder(dir string) ([]picture, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, plainCause(err))
	}
	var all []picture
	for _, folder := range folders {
		if !isDir(filepath.Join(dir, folder.Name())) || strings.HasPrefix(folder.Name(), ".") {
			continue
		}
		err := filepath.WalkDir(filepath.Join(dir, folder.Name()), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("%s: %w", path, plainCause(err))
			}
			if !e.IsDir() && isPicture(path) && !strings.HasPrefix(e.Name(), ".") {
				all = append(all, picture{path: path, class: folder.Name()})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, noPictures(dir)
	}
	return all, nil
}

// noPictures is the error of a directory without images: for a node that could
// fetch them, they are not there.
type noPictures string

func (dir noPictures) Error() string {
	return string(dir) + ": expected a folder for each class with .png or .jpg files in it, found none"
}

// Is makes it a file that does not exist.
func (noPictures) Is(target error) bool { return target == fs.ErrNotExist }

// listed lists the images that a CSV file names: in its first column that is
// not the label, by paths from the directory of the file.
func listed(ctx context.Context, place string, s *Spec) ([]picture, error) {
	at, paths := -1, -1
	f, err := readCSV(ctx, place, &Spec{Label: s.Label, Header: s.Header, Separator: s.Separator, Prep: s.Prep}, 0,
		func(names []string, n int) (all []frame.Kind, err error) {
			all = make([]frame.Kind, n)
			if at, err = (roles{s}).label(names, n); err != nil {
				return nil, err
			}
			if paths = 0; at == 0 {
				paths = 1
			}
			all[at], all[paths] = frame.Text, frame.Text
			return all, nil
		})
	if err != nil {
		return nil, err
	}
	names, labels := f.Columns[paths], f.Columns[at]
	if names.Many {
		return nil, fmt.Errorf("%s: more than %d images; put them in a folder for each class", place, frame.MaxTexts)
	}
	var all []picture
	for row := range f.Rows {
		name, class := f.Row(row)[paths], f.Row(row)[at]
		if name != name || class != class {
			return nil, fmt.Errorf("%s: expected the path of an image and its class, a cell is empty", f.Place(row))
		}
		named := names.Texts[int(name)]
		path := named
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(place), path)
		}
		all = append(all, picture{path, labels.Texts[int(class)], named})
	}
	return all, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isPicture(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return false
}

// imageSize is a height and a width; both 0 if images stay as they are.
type imageSize struct{ h, w int }

// parseSize reads HxW, or one number for both; the empty word and auto are no
// size.
func parseSize(word string) (imageSize, error) {
	if word == "" || word == "auto" {
		return imageSize{}, nil
	}
	h, w, both := strings.Cut(word, "x")
	if !both {
		w = h
	}
	a, err1 := strconv.Atoi(h)
	b, err2 := strconv.Atoi(w)
	if err1 != nil || err2 != nil || a < 1 || b < 1 || a > maxSide || b > maxSide {
		return imageSize{}, fmt.Errorf("image size %q: expected auto, or pixels as in 32 or 24x32 (height x width), up to %d", word, maxSide)
	}
	return imageSize{a, b}, nil
}

// maxPixels bounds what all images of a source take.
const maxPixels = 1 << 40

// decodeAll reads images in as many goroutines as there are processors, to
// planes of red, green and blue; to one plane if all of them are grey and no
// colours are wanted.
func decodeAll(ctx context.Context, all []picture, size imageSize, colours bool, to *room) (pixels []uint8, shape []int, err error) {
	alike := size.h == 0
	if alike {
		if size, err = sizeOf(all[0].path); err != nil {
			return nil, nil, err
		}
	}
	dim := 3 * size.h * size.w
	if dim > maxPixels/len(all) {
		return nil, nil, fmt.Errorf("%d images of %dx%d pixels are more than are read; --image-size makes them smaller", len(all), size.h, size.w)
	}
	if pixels, err = to.lasting(dim * len(all)); err != nil {
		return nil, nil, err
	}
	grey := make([]bool, len(all))
	errs := make([]error, len(all))
	var workers sync.WaitGroup
	count := max(1, runtime.GOMAXPROCS(0))
	for k := range count {
		workers.Go(func() {
			for i := k; i < len(all) && ctx.Err() == nil; i += count {
				fault := mapped.Guard(func() { grey[i], errs[i] = decode(pixels[i*dim:(i+1)*dim], all[i].path, size, alike) })
				errs[i] = cmp.Or(errs[i], fault)
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, nil, err
	}
	for _, err := range errs { // the first in order, whoever met it
		if err != nil {
			return nil, nil, err
		}
	}
	if colours || slices.Contains(grey, false) {
		return pixels, []int{3, size.h, size.w}, nil
	}
	plane := size.h * size.w
	for i := range all { // to the front: no plane lies behind where it goes
		copy(pixels[i*plane:(i+1)*plane], pixels[i*dim:])
	}
	return pixels[:plane*len(all)], []int{1, size.h, size.w}, nil
}
