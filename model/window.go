package model

import "github.com/ballast-ml/ballast/internal/kernel"

// window is the geometry of a convolution with stride 1: square kernels over
// images with a frame of zeros.
//
// Its taps are numbered channel by channel, kernel row by kernel row. Its
// positions are those of the output, row by row, but in rows as long as those
// of the padded image: position y·paddedWidth + x. Then what a tap sees at all
// positions is one run of the padded image, and gathering it is one copy, where
// rows of the output's own width would take as many short copies as there are
// rows. The price is positions at the row ends that belong to no output, a
// third more multiply-adds in the worst layer here, and copies of a few bytes
// cost more than that.
type window struct {
	channels, height, width int // of the input
	kernel, pad             int
}

func (w window) outHeight() int { return w.height + 2*w.pad - w.kernel + 1 }
func (w window) outWidth() int  { return w.width + 2*w.pad - w.kernel + 1 }
func (w window) area() int      { return w.outHeight() * w.outWidth() }
func (w window) taps() int      { return w.channels * w.kernel * w.kernel }
func (w window) inSize() int    { return w.channels * w.height * w.width }

func (w window) paddedHeight() int { return w.height + 2*w.pad }
func (w window) paddedWidth() int  { return w.width + 2*w.pad }
func (w window) paddedSize() int   { return w.channels * w.paddedHeight() * w.paddedWidth() }

// positions is the number of positions up to the last output.
func (w window) positions() int { return (w.outHeight()-1)*w.paddedWidth() + w.outWidth() }

// gather sets cols, [taps positions], to what each tap sees at each position.
func (w window) gather(cols, padded []float32) {
	n := w.positions()
	for c := range w.channels {
		for ky := range w.kernel {
			row := padded[(c*w.paddedHeight()+ky)*w.paddedWidth():]
			for kx := range w.kernel {
				copy(cols[:n], row[kx:])
				cols = cols[n:]
			}
		}
	}
}

// scatter is the transpose of gather as a linear map: padded is the sum, taps in
// order, of the entries of cols that gather would take from there.
func (w window) scatter(padded, cols []float32) {
	clear(padded)
	n := w.positions()
	for c := range w.channels {
		for ky := range w.kernel {
			row := padded[(c*w.paddedHeight()+ky)*w.paddedWidth():]
			for kx := range w.kernel {
				kernel.Add(row[kx:kx+n], cols[:n])
				cols = cols[n:]
			}
		}
	}
}

// narrow sets y, [channels outHeight outWidth], to the positions of wide,
// [channels positions], that are outputs.
func (w window) narrow(y, wide []float32) {
	ow := w.outWidth()
	for n := w.positions(); len(wide) > 0; wide = wide[n:] {
		for r := range w.outHeight() {
			copy(y[:ow], wide[r*w.paddedWidth():])
			y = y[ow:]
		}
	}
}

// widen is the transpose of narrow, for a wide that is zero at the positions
// that are no outputs: it leaves those alone.
func (w window) widen(wide, y []float32) {
	ow := w.outWidth()
	for n := w.positions(); len(wide) > 0; wide = wide[n:] {
		for r := range w.outHeight() {
			copy(wide[r*w.paddedWidth():], y[:ow])
			y = y[ow:]
		}
	}
}

// frame returns image x with its frame of zeros: x itself if there is none, else
// padded, whose frame is zero already, filled.
func (w window) frame(padded, x []float32) []float32 {
	if w.pad == 0 {
		return x
	}
	for c := range w.channels {
		for y := range w.height {
			copy(padded[w.inside(c, y):], x[:w.width])
			x = x[w.width:]
		}
	}
	return padded
}

// unframe sets image x to the inside of padded.
func (w window) unframe(x, padded []float32) {
	for c := range w.channels {
		for y := range w.height {
			copy(x[:w.width], padded[w.inside(c, y):])
			x = x[w.width:]
		}
	}
}

// inside returns where row y of channel c of the image starts in the padded
// image.
func (w window) inside(c, y int) int {
	return (c*w.paddedHeight()+y+w.pad)*w.paddedWidth() + w.pad
}
