package model

import "github.com/ballast-ml/ballast/internal/kernel"

// window is the geometry of a convolution: square kernels over images with a
// frame of zeros. Its taps are numbered channel by channel, kernel row by
// kernel row.
//
// The kernels want what a tap sees at all outputs of a row to be one run of
// memory. With a stride of s that holds in the framed image cut into s·s
// phases: plane (a, b) of a channel has the pixels whose row is a and whose
// column is b modulo s.
type window struct {
	channels, height, width int // of the input
	kernel, pad, stride     int
}

func (w window) outHeight() int { return (w.height+2*w.pad-w.kernel)/w.stride + 1 }
func (w window) outWidth() int  { return (w.width+2*w.pad-w.kernel)/w.stride + 1 }
func (w window) area() int      { return w.outHeight() * w.outWidth() }
func (w window) taps() int      { return w.channels * w.kernel * w.kernel }
func (w window) inArea() int    { return w.height * w.width }
func (w window) inSize() int    { return w.channels * w.inArea() }

// The size of a phase of the framed image.
func (w window) phaseHeight() int { return (w.height + 2*w.pad + w.stride - 1) / w.stride }
func (w window) phaseWidth() int  { return (w.width + 2*w.pad + w.stride - 1) / w.stride }
func (w window) framedSize() int {
	return w.channels * w.stride * w.stride * w.phaseHeight() * w.phaseWidth()
}

// place returns where pixel (y, x) of channel c of the framed image is.
func (w window) place(c, y, x int) int {
	s := w.stride
	phase := (c*s+y%s)*s + x%s
	return (phase*w.phaseHeight()+y/s)*w.phaseWidth() + x/s
}

// offsets returns what each tap sees at the first output.
func (w window) offsets() []int {
	var at []int
	for c := range w.channels {
		for ky := range w.kernel {
			for kx := range w.kernel {
				at = append(at, w.place(c, ky, kx))
			}
		}
	}
	return at
}

// grid is where the taps see the other outputs from there.
func (w window) grid() kernel.Grid {
	return kernel.Grid{Rows: w.outHeight(), Cols: w.outWidth(), Pitch: w.phaseWidth()}
}

// bare reports whether an image is its own framed image.
func (w window) bare() bool { return w.pad == 0 && w.stride == 1 }

// frame returns image x in its frame of zeros: x itself if there is none, else
// framed, whose frame is zero already, filled.
func (w window) frame(framed, x []float32) []float32 {
	if w.bare() {
		return x
	}
	for c := range w.channels {
		image := x[c*w.inArea():][:w.inArea()]
		if w.stride == 1 {
			kernel.CopyRows(framed[w.place(c, w.pad, w.pad):], w.phaseWidth(), image, w.width, w.height, w.width)
			continue
		}
		for y := range w.height {
			row := image[y*w.width:][:w.width]
			for j := range min(w.stride, w.width) { // the first pixel of each phase
				to := framed[w.place(c, y+w.pad, j+w.pad):]
				for i := 0; j < len(row); i, j = i+1, j+w.stride {
					to[i] = row[j]
				}
			}
		}
	}
	return framed
}
