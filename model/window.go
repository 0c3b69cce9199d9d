package model

// window is the geometry of a convolution with stride 1: square kernels over
// zero-padded images. Positions of the output are numbered row by row, and so
// are the taps of a kernel: channel, then kernel row, then kernel column.
type window struct {
	channels, height, width int // of the input
	kernel, pad             int
}

func (w window) outHeight() int { return w.height + 2*w.pad - w.kernel + 1 }
func (w window) outWidth() int  { return w.width + 2*w.pad - w.kernel + 1 }
func (w window) positions() int { return w.outHeight() * w.outWidth() }
func (w window) taps() int      { return w.channels * w.kernel * w.kernel }
func (w window) inSize() int    { return w.channels * w.height * w.width }

// paddedHeight, paddedWidth and paddedSize are those of the image with its
// frame of zeros.
func (w window) paddedHeight() int { return w.height + 2*w.pad }
func (w window) paddedWidth() int  { return w.width + 2*w.pad }
func (w window) paddedSize() int   { return w.channels * w.paddedHeight() * w.paddedWidth() }

// framed returns image x with its frame of zeros: x itself if there is none,
// else dst, whose frame must be zero already, filled.
func (w window) framed(dst, x []float32) []float32 {
	if w.pad == 0 {
		return x
	}
	w.eachRow(func(in, padded int) { copy(dst[padded:padded+w.width], x[in:]) })
	return dst
}

// unframed sets x to the inside of the padded image src.
func (w window) unframed(x, src []float32) {
	w.eachRow(func(in, padded int) { copy(x[in:in+w.width], src[padded:]) })
}

// eachRow calls f with the offsets of each image row in the image and in the
// padded image.
func (w window) eachRow(f func(in, padded int)) {
	in := 0
	for c := range w.channels {
		for y := range w.height {
			f(in, (c*w.paddedHeight()+y+w.pad)*w.paddedWidth()+w.pad)
			in += w.width
		}
	}
}

// columns sets cols, [taps positions], to what each tap sees at each position
// of the padded image: cols[t][p] = image[p + t].
func (w window) columns(cols, padded []float32) {
	oh, ow, pw := w.outHeight(), w.outWidth(), w.paddedWidth()
	for c := range w.channels {
		for ky := range w.kernel {
			for kx := range w.kernel {
				from := (c*w.paddedHeight()+ky)*pw + kx
				for range oh {
					copy(cols[:ow], padded[from:from+ow])
					cols = cols[ow:]
					from += pw
				}
			}
		}
	}
}

// patches sets rows, [positions taps], to the transpose of columns: the patch
// of the padded image under the kernel at each position.
func (w window) patches(rows, padded []float32) {
	oh, ow, pw, k := w.outHeight(), w.outWidth(), w.paddedWidth(), w.kernel
	for y := range oh {
		for x := range ow {
			for c := range w.channels {
				from := (c*w.paddedHeight()+y)*pw + x
				for range k {
					copyTaps(rows[:k], padded[from:from+k])
					rows = rows[k:]
					from += pw
				}
			}
		}
	}
}

// copyTaps is copy for the few floats of one kernel row, where the call of copy
// costs more than its work.
func copyTaps(dst, src []float32) {
	switch len(dst) {
	case 3:
		*(*[3]float32)(dst) = [3]float32(src)
	case 5:
		*(*[5]float32)(dst) = [5]float32(src)
	default:
		copy(dst, src)
	}
}

// scatter is the transpose of columns as a linear map: it adds each entry of
// cols to the pixel of the padded image it was taken from, taps in order.
func (w window) scatter(padded, cols []float32) {
	clear(padded)
	oh, ow, pw := w.outHeight(), w.outWidth(), w.paddedWidth()
	for c := range w.channels {
		for ky := range w.kernel {
			for kx := range w.kernel {
				to := (c*w.paddedHeight()+ky)*pw + kx
				for range oh {
					dst := padded[to : to+ow]
					for i, v := range cols[:len(dst)] {
						dst[i] += v
					}
					cols = cols[ow:]
					to += pw
				}
			}
		}
	}
}
