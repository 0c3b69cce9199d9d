package optimizer

// At is the moment of a step: schedules and weighters read it, and nothing else
// tells them the time.
type At struct {
	// Step counts from 0.
	Step int
	// Steps is the planned total, > 0 for anything that depends on a fraction
	// of the run.
	Steps int
}

// Progress returns the fraction of the run that lies behind, in [0, 1]; 0 if no
// total is planned.
func (a At) Progress() float64 {
	if a.Steps <= 0 {
		return 0
	}
	return min(max(float64(a.Step)/float64(a.Steps), 0), 1)
}

// Reached tells whether a thing that starts at a fraction of the run has
// started. It begins with the first step at or after fraction·Steps, up to the
// rounding of the fraction: 0.1 of 30 steps is step 3, although 0.1*30 > 3 in
// floating point.
func (a At) Reached(fraction float64) bool {
	if a.Steps <= 0 {
		return fraction <= 0
	}
	return float64(a.Step) >= float64(fraction*float64(a.Steps))-1e-6
}
