package model

import "github.com/ballast-ml/ballast/internal/kernel"

// manyValues is from where on a field's values are looked through once in a pass
// and not again: a text has thousands, of which a hundred are not 0.
const manyValues = 64

// hot lists the values of a field that are not 0, row by row of a batch.
type hot struct {
	places []int32
	ends   []int32 // of each row among the places
}

func (h *hot) reset() {
	if h != nil {
		h.places, h.ends = h.places[:0], h.ends[:0]
	}
}

// add adds a row.
func (h *hot) add(values []float32) {
	for j, v := range values {
		if v != 0 {
			h.places = append(h.places, int32(j))
		}
	}
	h.ends = append(h.ends, int32(len(h.places)))
}

// of returns the places of a row, in ascending order.
func (h *hot) of(row int) []int32 {
	from := int32(0)
	if row > 0 {
		from = h.ends[row-1]
	}
	return h.places[from:h.ends[row]]
}

// embedSparse is embed of a row's values: the same sums in the same order.
func (l *fieldLayer) embedSparse(y, values []float32, row int) {
	clear(y)
	if l.bias != nil {
		copy(y, l.bias.v)
	}
	l.addSparse(y, values, row, l.weight.v)
	if l.Rectified {
		kernel.ReLU(y, y)
	}
}

// addSparse performs y += values·W.
func (l *fieldLayer) addSparse(y, values []float32, row int, weight []float32) {
	for _, j := range l.sparse.of(row) {
		kernel.AddScaled(y, values[j], weight[int(j)*l.Width:][:l.Width])
	}
}
