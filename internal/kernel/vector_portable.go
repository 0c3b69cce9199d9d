package kernel

func addScaledGo(dst []float32, s float32, x []float32) {
	f := float64(s)
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = float32(fma(f*float64(v), float64(dst[i])))
	}
}

func scaleToGo(dst []float32, s float32, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = s * v
	}
}

func addGo(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += v
	}
}

// reluGo asks for v <= 0, which is false of NaN, so that NaN passes.
func reluGo(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		if v <= 0 {
			v = 0
		}
		dst[i] = v
	}
}

func reluBackwardGo(dx, dy, y []float32) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	for i, v := range y {
		d := dy[i]
		if v <= 0 {
			d = 0
		}
		dx[i] = d
	}
}

func addRowGo(dst, row []float32, m int) {
	for n := len(row); m > 0; m-- {
		addGo(dst[:n], row)
		dst = dst[n:]
	}
}

func addRowReLUGo(dst, row []float32, m int) {
	for n := len(row); m > 0; m-- {
		r := dst[:n]
		for j, v := range row {
			s := r[j] + v
			if s <= 0 {
				s = 0
			}
			r[j] = s
		}
		dst = dst[n:]
	}
}

func sumRowsGo(row, x []float32, m int) {
	for n := len(row); m > 0; m-- {
		addGo(row, x[:n])
		x = x[n:]
	}
}
