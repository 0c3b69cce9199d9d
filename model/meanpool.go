package model

import "github.com/ballast-ml/ballast/internal/kernel"

// meanPool is the mean of each plane, in the lanes of kernel.Lanes.
type meanPool struct {
	area         int
	y, dx, slope []float32
}

func (m *meanPool) Forward(_ Pass, x []float32) []float32 {
	y := grow(&m.y, len(x)/m.area)
	m.mean(y, x)
	return y
}

func (m *meanPool) mean(y, x []float32) {
	for i := range y {
		var l kernel.Lanes
		l.Add(x[i*m.area:][:m.area])
		y[i] = float32(l.Fold() / float64(m.area))
	}
}

// Backward: each input gets an equal share.
func (m *meanPool) Backward(dy []float32) []float32 {
	dx := grow(&m.dx, len(dy)*m.area)
	for i, d := range dy {
		share := d / float32(m.area)
		for j := range dx[i*m.area:][:m.area] {
			dx[i*m.area+j] = share
		}
	}
	return dx
}

// JVP: the map is linear, ẏ is the mean of ẋ.
func (m *meanPool) JVP(dx, _ []float32) []float32 {
	dy := grow(&m.slope, len(dx)/m.area)
	m.mean(dy, dx)
	return dy
}

func (m *meanPool) params() []*param { return nil }

func (m *meanPool) String() string { return "mean of each channel" }
