package dataset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/rng"
)

// Augment changes training images as they are read, each time in another way.
// The zero value changes nothing. What it draws is keyed by (seed, step,
// position in the global batch), so a batch is the same on any number of nodes
// and after a resume.
type Augment struct {
	// Crop pads an image with so many black pixels on each side, and cuts an
	// image of its own size out of that, at a random place: a shift by at most
	// Crop pixels up or down, and left or right.
	Crop int
	// Flip mirrors every other image, left to right.
	Flip bool
	// Cutout blackens a square with sides of so many pixels around a random
	// pixel, as far as it lies within the image (T. DeVries and G. W. Taylor,
	// "Improved regularization of convolutional neural networks with cutout",
	// arXiv:1708.04552).
	Cutout int
}

// bySize stands for a number of pixels that the size of the images decides.
const bySize = -1

// The draws of a sample. Their numbers are part of the numeric contract: a
// change that is not made leaves the others as they are.
const (
	drawDown = iota
	drawRight
	drawFlip
	drawCutY
	drawCutX
)

// ParseAugment reads a list of crop, flip and cutout, in any order; crop=PIXELS
// and cutout=PIXELS say how much. "none" is the zero value.
func ParseAugment(text string) (Augment, error) {
	var a Augment
	if text == "none" {
		return a, nil
	}
	seen := map[string]bool{}
	for item := range strings.SplitSeq(text, ",") {
		name, pixels, sized := strings.Cut(item, "=")
		n := bySize
		if sized {
			var err error
			if n, err = strconv.Atoi(pixels); err != nil || n < 0 || n > maxSide || name == "flip" {
				return Augment{}, fmt.Errorf("%q: expected crop=PIXELS or cutout=PIXELS with 0..%d pixels, or flip", item, maxSide)
			}
		}
		switch name {
		case "crop":
			a.Crop = n
		case "flip":
			a.Flip = true
		case "cutout":
			a.Cutout = n
		default:
			return Augment{}, fmt.Errorf("%q: expected none, or some of crop, flip and cutout, separated by commas", item)
		}
		if seen[name] {
			return Augment{}, fmt.Errorf("%q: it is there twice", name)
		}
		seen[name] = true
	}
	return a, nil
}

// String is what ParseAugment reads, in the order in which it is done.
func (a Augment) String() string {
	var items []string
	sized := func(name string, n int) {
		switch {
		case n == bySize:
			items = append(items, name)
		case n > 0:
			items = append(items, name+"="+strconv.Itoa(n))
		}
	}
	sized("crop", a.Crop)
	if a.Flip {
		items = append(items, "flip")
	}
	sized("cutout", a.Cutout)
	if items == nil {
		return "none"
	}
	return strings.Join(items, ",")
}

// For returns what a means for samples of such a shape: crop without a number
// is an eighth of the shorter side, cutout a half. It refuses what would leave
// nothing of an image, and samples that are no images.
func (a Augment) For(shape []int) (Augment, error) {
	if a == (Augment{}) {
		return a, nil
	}
	if len(shape) != 3 {
		return a, errors.New("the samples are rows of a table; crop, flip and cutout are for images")
	}
	side := min(shape[1], shape[2])
	if a.Crop == bySize {
		a.Crop = (side + 4) / 8
	}
	if a.Cutout == bySize {
		a.Cutout = side / 2
	}
	switch {
	case a.Crop >= side:
		return a, fmt.Errorf("crop=%d: expected less than the images' shorter side of %d pixels", a.Crop, side)
	case a.Cutout >= side:
		return a, fmt.Errorf("cutout=%d: expected less than the images' shorter side of %d pixels", a.Cutout, side)
	}
	return a, nil
}

// apply writes the image src, of shape [channels, height, width], to dst as it
// is to be seen at a position of the global batch of a step.
func (a Augment) apply(dst, src []float32, shape []int, seed uint64, step, position int) {
	r := rng.New(seed, rng.Augment, uint64(step), uint64(position))
	h, w := shape[1], shape[2]
	down := r.IntN(drawDown, 2*a.Crop+1) - a.Crop
	right := r.IntN(drawRight, 2*a.Crop+1) - a.Crop
	mirror := a.Flip && r.Uint64(drawFlip)>>63 == 1
	for c := range shape[0] {
		plane := c * h * w
		for y := range h {
			line := dst[plane+y*w : plane+(y+1)*w]
			shifted(line, src[plane:plane+h*w], y+down, right)
			if mirror {
				reverse(line)
			}
		}
	}
	if a.Cutout > 0 {
		top, left := r.IntN(drawCutY, h)-a.Cutout/2, r.IntN(drawCutX, w)-a.Cutout/2
		from, to := max(left, 0), min(left+a.Cutout, w)
		for y := max(top, 0); y < min(top+a.Cutout, h); y++ {
			for c := range shape[0] {
				clear(dst[(c*h+y)*w+from : (c*h+y)*w+to])
			}
		}
	}
}

// shifted writes line y of a plane, from column x on, with black around it.
func shifted(line, plane []float32, y, x int) {
	w := len(line)
	if y < 0 || y*w >= len(plane) {
		clear(line)
		return
	}
	from := plane[y*w : (y+1)*w]
	if x < 0 {
		clear(line[:-x])
		copy(line[-x:], from)
		return
	}
	n := copy(line, from[x:])
	clear(line[n:])
}

func reverse(line []float32) {
	for i, j := 0, len(line)-1; i < j; i, j = i+1, j-1 {
		line[i], line[j] = line[j], line[i]
	}
}
