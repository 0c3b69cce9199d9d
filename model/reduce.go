package model

// The sums over samples and positions that batch norm and the biases of
// convolutions need. They run in float64, over samples and then positions in
// ascending order; the positions of one channel are taken in four interleaved
// lanes, folded (0+1)+(2+3), because a single chain would wait for each addition.
// The order depends on the number of positions only.

// sumChannels sets sums[c] to the sum of channel c of x, which has
// len(x)/(len(sums)·area) samples of len(sums) channels of area positions.
func sumChannels(sums []float64, x []float32, area int) {
	clear(sums)
	if area == 1 {
		for ; len(x) > 0; x = x[len(sums):] {
			for c, v := range x[:len(sums)] {
				sums[c] += float64(v)
			}
		}
		return
	}
	for len(x) > 0 {
		for c := range sums {
			sums[c] += sum(x[:area])
			x = x[area:]
		}
	}
}

// dotChannels sets dots[c] to the inner product of channel c of x and of y,
// laid out as for sumChannels.
func dotChannels(dots []float64, x, y []float32, area int) {
	clear(dots)
	if area == 1 {
		for ; len(x) > 0; x, y = x[len(dots):], y[len(dots):] {
			for c, v := range x[:len(dots)] {
				dots[c] += float64(float64(v) * float64(y[c]))
			}
		}
		return
	}
	for len(x) > 0 {
		for c := range dots {
			dots[c] += dot(x[:area], y[:area])
			x, y = x[area:], y[area:]
		}
	}
}

func sum(x []float32) float64 {
	var a, b, c, d float64
	for ; len(x) >= 4; x = x[4:] {
		a += float64(x[0])
		b += float64(x[1])
		c += float64(x[2])
		d += float64(x[3])
	}
	for _, v := range x {
		a += float64(v)
	}
	return (a + b) + (c + d)
}

func dot(x, y []float32) float64 {
	y = y[:len(x)]
	var a, b, c, d float64
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		a += float64(float64(x[0]) * float64(y[0]))
		b += float64(float64(x[1]) * float64(y[1]))
		c += float64(float64(x[2]) * float64(y[2]))
		d += float64(float64(x[3]) * float64(y[3]))
	}
	for i, v := range x {
		a += float64(float64(v) * float64(y[i]))
	}
	return (a + b) + (c + d)
}
