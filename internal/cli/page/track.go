package page

import "math"

// maxColumns is how many columns of a picture a track has at most.
const maxColumns = 600

// largest is the largest value that is drawn: no float32 comes near it, and
// sums and spans of such are finite.
const largest = 1e150

// spread is what is kept of the values of one quantity in one column: their
// mean, and the least and the largest, so that no spike is lost.
type spread struct {
	n              int
	sum, low, high float64
}

func (s *spread) add(v float64) {
	if math.IsNaN(v) || math.Abs(v) > largest {
		return
	}
	s.join(spread{1, v, v, v})
}

func (s *spread) join(o spread) {
	switch {
	case o.n == 0:
	case s.n == 0:
		*s = o
	default:
		*s = spread{s.n + o.n, s.sum + o.sum, min(s.low, o.low), max(s.high, o.high)}
	}
}

// mean is NaN of nothing.
func (s spread) mean() float64 {
	if s.n == 0 {
		return math.NaN()
	}
	return s.sum / float64(s.n)
}

// column is what lies in some successive steps.
type column struct {
	lines int      // 0: nothing was written of these steps
	of    []spread // by quantity
}

// track is a number of quantities over the steps of a run, in memory that does
// not grow with them: where there are too many columns, each two become one.
type track struct {
	first, width int // step of the first column; steps in each
	columns      []column
}

// add takes the values at a step, which is not before the first.
func (t *track) add(step int, values ...float64) {
	if len(t.columns) == 0 {
		t.first, t.width = step, 1
	}
	for (step-t.first)/t.width >= maxColumns {
		t.halve()
	}
	at := (step - t.first) / t.width
	for len(t.columns) <= at {
		t.columns = append(t.columns, column{})
	}
	c := &t.columns[at]
	if c.of == nil {
		c.of = make([]spread, len(values))
	}
	c.lines++
	for i, v := range values {
		c.of[i].add(v)
	}
}

// halve makes one column of each two.
func (t *track) halve() {
	t.width *= 2
	for i := range (len(t.columns) + 1) / 2 {
		c := t.columns[2*i]
		if 2*i+1 < len(t.columns) {
			c = c.join(t.columns[2*i+1])
		}
		t.columns[i] = c
	}
	t.columns = t.columns[:(len(t.columns)+1)/2]
}

func (c column) join(o column) column {
	if c.lines == 0 {
		return o
	}
	for i := range o.of {
		c.of[i].join(o.of[i])
	}
	c.lines += o.lines
	return c
}

// bounds are the first and the last step of a column.
func (t *track) bounds(column int) (first, last int) {
	first = t.first + column*t.width
	return first, first + t.width - 1
}

// middle is where a column is drawn.
func (t *track) middle(column int) float64 {
	first, last := t.bounds(column)
	return float64(first+last) / 2
}
