package model

import "github.com/ballast-ml/ballast/internal/kernel"

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
	rectified    bool      // the inputs come from a ReLU whose derivative is left to this layer
	x            []float32 // last inputs
	y, dx, slope []float32
}

func (m *maxPool) Forward(_ Pass, x []float32) []float32 {
	m.x = x
	y := grow(&m.y, len(x)/m.in()*m.out())
	for p := range m.strips() {
		kernel.MaxPool(m.small(y, p), m.large(x, p), m.width, m.rows(), m.outWidth())
	}
	return y
}

// Backward: each dy goes to the place of its maximum.
func (m *maxPool) Backward(dy []float32) []float32 {
	if m.rectified {
		kernel.ReLUBackward(dy, dy, m.y)
	}
	dx := grow(&m.dx, len(m.x))
	if m.height%2 != 0 || m.width%2 != 0 {
		clear(dx) // what belongs to no square
	}
	for p := range m.strips() {
		kernel.MaxPoolBackward(m.large(dx, p), m.small(dy, p), m.large(m.x, p), m.width, m.rows(), m.outWidth())
	}
	return dx
}

// JVP: ẏ is the ẋ at the place of the maximum.
func (m *maxPool) JVP(dx, _ []float32) []float32 {
	dy := grow(&m.slope, len(m.y))
	for o := range dy {
		plane, row, col := o/m.out(), o%m.out()/m.outWidth(), o%m.outWidth()
		dy[o] = dx[kernel.MaxPlace(m.x, m.width, plane*m.in()+2*row*m.width+2*col)]
	}
	return dy
}

// A strip is what one call pools: a plane, or more at a time if no row is left
// over between them.
func (m *maxPool) planes() int {
	planes := len(m.x) / m.in()
	if m.height%2 != 0 {
		return 1
	}
	for most := max(1, 4096/m.in()); most > 1; most-- {
		if planes%most == 0 {
			return most
		}
	}
	return 1
}

func (m *maxPool) strips() int { return len(m.x) / m.in() / m.planes() }
func (m *maxPool) rows() int   { return m.planes() * m.outHeight() }

func (m *maxPool) large(x []float32, p int) []float32 {
	size := m.planes() * m.in()
	return x[p*size:][:size]
}

func (m *maxPool) small(y []float32, p int) []float32 {
	size := m.planes() * m.out()
	return y[p*size:][:size]
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
