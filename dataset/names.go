package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// namesFile may stand beside IDX files and name their classes, one in a line.
const namesFile = "classes.txt"

// published are the class names of data sets that bring none, by the SHA-256
// of the decompressed IDX file of their test labels. The content decides and
// no path does: names are in the model file, and every node must find the
// same.
var published = map[string][]string{
	// Fashion-MNIST
	"0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34": {
		"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
	},
}

// classNames names n classes of IDX files: by the names file in their
// directory, or as published, or by their numbers.
func classNames(ctx context.Context, dir string, test labels, n int) ([]string, error) {
	names, err := readNames(ctx, join(dir, namesFile), n)
	if !errors.Is(err, fs.ErrNotExist) {
		return names, err
	}
	if names = published[test.digest()]; len(names) == n {
		return slices.Clone(names), nil
	}
	names = make([]string, n)
	for c := range names {
		names[c] = strconv.Itoa(c)
	}
	return names, nil
}

// readNames reads n names, one in a line. Empty lines are passed over.
func readNames(ctx context.Context, place string, n int) ([]string, error) {
	f, err := openFile(ctx, place)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	in := newLines(f)
	for in.next() {
		name := strings.TrimSpace(string(in.text()))
		switch {
		case len(names) == n:
			return nil, fmt.Errorf("%s:%d: expected %d names, one for each class of the labels, more follow", f.path, in.number, n)
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("%s:%d: expected a name in UTF-8 text, found %s", f.path, in.number, quote([]byte(name)))
		case slices.Contains(names, name):
			return nil, fmt.Errorf("%s:%d: %q names class %d already", f.path, in.number, name, slices.Index(names, name))
		}
		names = append(names, name)
	}
	switch err := in.Err(); {
	case err != nil:
		return nil, f.wrap(err)
	case len(names) < n:
		return nil, fmt.Errorf("%s: expected %d names, one for each class of the labels, found %d", f.path, n, len(names))
	}
	return names, nil
}

// digest returns the SHA-256 of the IDX file of y, in hexadecimal.
func (y labels) digest() string {
	content := binary.BigEndian.AppendUint32(nil, idxLabels)
	content = binary.BigEndian.AppendUint32(content, uint32(len(y.labels)))
	for _, c := range y.labels {
		content = append(content, byte(c))
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
