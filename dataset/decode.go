package dataset

import (
	"fmt"
	"image"
	_ "image/jpeg" // formats that image.Decode knows
	_ "image/png"
	"io"
	"os"
)

// maxPicture is the largest number of pixels of an image file: more would be a
// mistake, or a trap.
const maxPicture = 1 << 26

// sizeOf returns the size of the image in a file.
func sizeOf(path string) (imageSize, error) {
	f, err := os.Open(path)
	if err != nil {
		return imageSize{}, fmt.Errorf("%s: %w", path, plainCause(err))
	}
	defer f.Close()
	return checkedSize(f, path)
}

// checkedSize reads the head of an image.
func checkedSize(f io.Reader, path string) (imageSize, error) {
	c, _, err := image.DecodeConfig(f)
	switch {
	case err != nil:
		return imageSize{}, fmt.Errorf("%s: expected a PNG or JPEG image: %w", path, err)
	case c.Width < 1 || c.Height < 1 || c.Width > maxPicture/c.Height:
		return imageSize{}, fmt.Errorf("%s: an image of %dx%d pixels; expected at most %d", path, c.Height, c.Width, maxPicture)
	}
	return imageSize{c.Height, c.Width}, nil
}

// decode writes the image in a file to dst: a red, a green and a blue plane of
// the given size, which it has to have itself if images are to be alike. It
// reports whether all its pixels are grey.
func decode(dst []uint8, path string, size imageSize, alike bool) (grey bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, plainCause(err))
	}
	defer f.Close()
	have, err := checkedSize(f, path)
	if err != nil {
		return false, err
	}
	if alike && have != size {
		return false, fmt.Errorf("%s: an image of %dx%d pixels where the first has %dx%d; --image-size %[4]dx%[5]d brings all to one size",
			path, have.h, have.w, size.h, size.w)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, fmt.Errorf("%s: %w", path, plainCause(err))
	}
	m, _, err := image.Decode(f)
	if err != nil {
		return false, fmt.Errorf("%s: the image is damaged: %w", path, err)
	}
	from := make([]uint8, 3*have.h*have.w)
	grey = planes(from, m, have)
	for c := range 3 {
		resize(dst[c*size.h*size.w:(c+1)*size.h*size.w], size, from[c*have.h*have.w:(c+1)*have.h*have.w], have)
	}
	return grey, nil
}

// planes writes the colours of m, transparent parts as on black, and reports
// whether all are grey.
func planes(dst []uint8, m image.Image, size imageSize) (grey bool) {
	grey = true
	at, plane := m.Bounds().Min, size.h*size.w
	for y := range size.h {
		for x := range size.w {
			r, g, b, _ := m.At(at.X+x, at.Y+y).RGBA()
			i := y*size.w + x
			dst[i], dst[plane+i], dst[2*plane+i] = uint8(r>>8), uint8(g>>8), uint8(b>>8)
			grey = grey && r>>8 == g>>8 && g>>8 == b>>8
		}
	}
	return grey
}

// resize writes a plane in another size: each pixel is the mean of the part of
// the source that it covers, rounded to the nearest, in whole numbers so that
// it is the same everywhere.
func resize(dst []uint8, to imageSize, src []uint8, from imageSize) {
	if to == from {
		copy(dst, src)
		return
	}
	area := uint64(from.h) * uint64(from.w)
	for y := range to.h {
		for x := range to.w {
			// In units of 1/to of a source pixel, this one reaches from y·from.h
			// to (y+1)·from.h, and so does x.
			sum := area / 2
			for sy := y * from.h / to.h; sy*to.h < (y+1)*from.h; sy++ {
				high := overlap(sy*to.h, to.h, y*from.h, from.h)
				for sx := x * from.w / to.w; sx*to.w < (x+1)*from.w; sx++ {
					wide := overlap(sx*to.w, to.w, x*from.w, from.w)
					sum += uint64(high*wide) * uint64(src[sy*from.w+sx])
				}
			}
			dst[y*to.w+x] = uint8(sum / area)
		}
	}
}

// overlap returns how much two intervals share, given by their beginnings and
// lengths.
func overlap(a, la, b, lb int) int { return min(a+la, b+lb) - max(a, b) }
