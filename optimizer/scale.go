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

func (r rate) Update(u, params []float32, s State, at At) { update(r, u, params, s, at) }

func (r rate) begin(_ State, at At) factors { return factors{scale: float32(-r.at(at))} }

func (r rate) apply(f *factors, u, _ []float32, _ State) { kernel.ScaleTo(u, f.scale, u) }

// at returns the learning rate in force.
func (r rate) at(at At) float64 { return float64(r.lr * r.schedule.Factor(at)) }
