package kernel

import "math"

func addScaledGo(dst []float32, s float32, x []float32) { addScaledToGo(dst, s, x, dst) }

func addScaledToGo(dst []float32, s float32, x, y []float32) {
	f := float64(s)
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		p, z := f*float64(v), float64(y[i])
		t := p + z
		if delicate(t) {
			t = roundToOdd(p, z, t)
		}
		dst[i] = float32(t)
	}
}

func addScaledToScaledGo(dst []float32, s float32, x []float32, t float32, y []float32) {
	f := float64(s)
	dst, y = dst[:len(x)], y[:len(x)]
	for i, v := range x {
		p, z := f*float64(v), float64(float32(t*y[i]))
		t := p + z
		if delicate(t) {
			t = roundToOdd(p, z, t)
		}
		dst[i] = float32(t)
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

// reluGo relies on max, which passes NaN on and takes 0 for larger than -0.
func reluGo(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = max(v, 0)
	}
}

func reluBackwardGo(dx, dy, y []float32) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	for i, v := range y {
		d := math.Float32bits(dy[i])
		if v <= 0 { // false of NaN; on bits, because that compiles without a branch
			d = 0
		}
		dx[i] = math.Float32frombits(d)
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
			r[j] = max(r[j]+v, 0)
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
