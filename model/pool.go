package model

// halves is the geometry of pooling over disjoint 2x2 squares of planes (the
// channels of all samples are planes alike). A last odd row or column belongs
// to no square.
type halves struct{ height, width int } // of the input planes

func (h halves) outHeight() int { return h.height / 2 }
func (h halves) outWidth() int  { return h.width / 2 }
func (h halves) in() int        { return h.height * h.width }
func (h halves) out() int       { return h.outHeight() * h.outWidth() }

// maxPool is the maximum of each 2x2 square; its derivative is that of the
// first of the largest, row by row. The maximum of a square with a NaN is NaN,
// and its gradient goes to the last place.
type maxPool struct {
	halves
	size         int     // of all inputs of the last Forward
	at           []int32 // for each output, the place of its maximum in the inputs
	y, dx, slope []float32
}

func (m *maxPool) Forward(_ Pass, x []float32) []float32 {
	m.size = len(x)
	n := len(x) / m.in() * m.out()
	y := grow(&m.y, n)
	if cap(m.at) < n {
		m.at = make([]int32, n)
	}
	m.at = m.at[:n]
	o := 0
	for plane := 0; plane < len(x); plane += m.in() {
		for r := range m.outHeight() {
			top := plane + 2*r*m.width
			m.row(y[o:o+m.outWidth()], m.at[o:], x, top)
			o += m.outWidth()
		}
	}
	return y
}

// row pools the two rows of inputs that start at top. The places are chosen
// without branches, which no processor could predict: comparing backwards from
// the last place leaves the first that holds the maximum.
func (m *maxPool) row(y []float32, at []int32, x []float32, top int) {
	upper := x[top : top+2*len(y)]
	lower := x[top+m.width : top+m.width+2*len(y)]
	at = at[:len(y)]
	for j := range y {
		a, b, c, d := upper[2*j], upper[2*j+1], lower[2*j], lower[2*j+1]
		best := max(max(a, b), max(c, d)) // the builtin: NaN wins
		k := m.width + 1
		if c == best {
			k = m.width
		}
		if b == best {
			k = 1
		}
		if a == best {
			k = 0
		}
		y[j], at[j] = best, int32(top+2*j+k)
	}
}

// Backward: each dy goes to the place of its maximum.
func (m *maxPool) Backward(dy []float32) []float32 {
	dx := grow(&m.dx, m.size)
	clear(dx)
	for o, k := range m.at {
		dx[k] = dy[o]
	}
	return dx
}

// JVP: ẏ is the ẋ at the place of the maximum.
func (m *maxPool) JVP(dx, _ []float32) []float32 {
	dy := grow(&m.slope, len(m.at))
	for o, k := range m.at {
		dy[o] = dx[k]
	}
	return dy
}

func (m *maxPool) params() []*param { return nil }

func (m *maxPool) String() string { return "max pool 2x2" }

// avgPool is the mean of each 2x2 square.
type avgPool struct {
	halves
	y, dx, slope []float32
}

func (a *avgPool) Forward(_ Pass, x []float32) []float32 {
	y := grow(&a.y, len(x)/a.in()*a.out())
	a.mean(y, x)
	return y
}

// mean sets y to the means of the squares of x.
func (a *avgPool) mean(y, x []float32) {
	for ; len(x) > 0; x = x[a.in():] {
		for r := range a.outHeight() {
			upper := x[2*r*a.width:][:a.width]
			lower := x[(2*r+1)*a.width:][:a.width]
			for j := range a.outWidth() {
				y[j] = 0.25 * ((upper[2*j] + upper[2*j+1]) + (lower[2*j] + lower[2*j+1]))
			}
			y = y[a.outWidth():]
		}
	}
}

// Backward: a quarter of each dy goes to each of its four inputs.
func (a *avgPool) Backward(dy []float32) []float32 {
	dx := grow(&a.dx, len(dy)/a.out()*a.in())
	clear(dx)
	for rest := dx; len(rest) > 0; rest = rest[a.in():] {
		for r := range a.outHeight() {
			upper := rest[2*r*a.width:][:a.width]
			lower := rest[(2*r+1)*a.width:][:a.width]
			for j := range a.outWidth() {
				q := 0.25 * dy[j]
				upper[2*j], upper[2*j+1], lower[2*j], lower[2*j+1] = q, q, q, q
			}
			dy = dy[a.outWidth():]
		}
	}
	return dx
}

// JVP: the map is linear, ẏ is the mean of ẋ.
func (a *avgPool) JVP(dx, _ []float32) []float32 {
	dy := grow(&a.slope, len(dx)/a.in()*a.out())
	a.mean(dy, dx)
	return dy
}

func (a *avgPool) params() []*param { return nil }

func (a *avgPool) String() string { return "average pool 2x2" }
