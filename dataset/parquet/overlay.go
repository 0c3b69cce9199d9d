package parquet

import (
	"bytes"
	"errors"
	"io"
	"sort"
)

// overlay reads a file in which the sizes that pages of LZ4 say to unpack to are
// 0. The library, up to v0.32.0, unpacks such a page into a buffer of this size or
// into one of its own, and in the second case goes on with the first, whatever
// was in it, if the sizes are equal: silently with wrong values. That they never
// are makes it take the right one. (parquet-go issue 608)
type overlay struct {
	content []byte
	zeros   []zero // in the order of their places
}

// zero is a number of a page's head, of so many bytes, that is to be 0.
type zero struct{ at, n int }

// ReadAt implements io.ReaderAt.
func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(o.content).ReadAt(p, off)
	from, to := int(off), int(off)+n
	for i := sort.Search(len(o.zeros), func(i int) bool { return o.zeros[i].at+o.zeros[i].n > from }); i < len(o.zeros) && o.zeros[i].at < to; i++ {
		z := o.zeros[i]
		for at := max(z.at, from); at < min(z.at+z.n, to); at++ {
			p[at-from] = 0x80 // there is more, and that is 0
			if at == z.at+z.n-1 {
				p[at-from] = 0
			}
		}
	}
	return n, err
}

var _ io.ReaderAt = (*overlay)(nil)

// unpackedSize finds the number in the head of a page, whose second field it is:
// a byte for a field of the next id that is a number, and the number.
func unpackedSize(head []byte) (at, n int, err error) {
	const number = 0x15
	for field := range 2 {
		if at >= len(head) || head[at] != number {
			break
		}
		at++
		for n = 1; at+n <= len(head) && head[at+n-1] >= 0x80; n++ {
		}
		if at+n > len(head) {
			break
		}
		if field == 1 {
			return at, n, nil
		}
		at += n
	}
	return 0, 0, errors.New("the head of a page of LZ4 is not in the usual order, which is not read")
}
