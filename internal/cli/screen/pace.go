package screen

import "time"

// window is how far back the speed looks: long enough to be steady, short
// enough to follow a change.
const window = 3 * time.Second

// least is the least time that says anything about the speed.
const least = 200 * time.Millisecond

// pace is the speed of a run over the last few seconds.
type pace struct {
	marks []mark // the oldest is at least a window old, if there is one so old
}

type mark struct {
	at      time.Time
	step    int
	samples int64
}

// add notes that a step was done.
func (p *pace) add(now time.Time, step int, samples int64) {
	p.marks = append(p.marks, mark{now, step, samples})
	for len(p.marks) > 2 && now.Sub(p.marks[1].at) >= window {
		p.marks = p.marks[1:]
	}
}

// span returns the oldest and the newest mark, and whether they are apart.
func (p *pace) span() (first, last mark, ok bool) {
	if len(p.marks) < 2 {
		return mark{}, mark{}, false
	}
	first, last = p.marks[0], p.marks[len(p.marks)-1]
	return first, last, last.at.Sub(first.at) >= least && last.step > first.step
}

// samples returns the samples per second, or 0 if not known yet.
func (p *pace) samples() float64 {
	first, last, ok := p.span()
	if !ok {
		return 0
	}
	return float64(last.samples-first.samples) / last.at.Sub(first.at).Seconds()
}

// eta returns how long the steps that are left will take; negative: not known.
func (p *pace) eta(left int) time.Duration {
	first, last, ok := p.span()
	if !ok {
		return -1
	}
	return time.Duration(float64(last.at.Sub(first.at)) / float64(last.step-first.step) * float64(left))
}
