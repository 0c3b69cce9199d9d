package optimizer

import "github.com/ballast-ml/ballast/internal/kernel"

// ScaleBySchedule makes a step of an update: u ← -lr·factor·u. It goes last.
func ScaleBySchedule(lr float64, schedule Schedule) Transform {
	return rate{lr: lr, schedule: schedule}
}

type rate struct {
	stateless
	lr       float64
	schedule Schedule
}

func (r rate) Update(u, _ []float32, _ State, at At) { kernel.ScaleTo(u, float32(-r.at(at)), u) }

// at returns the learning rate in force.
func (r rate) at(at At) float64 { return float64(r.lr * r.schedule.Factor(at)) }
