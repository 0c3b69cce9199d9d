package main

import "time"

// agenda is what is to happen later, on the goroutine that reads its channel.
type agenda struct {
	items []appointment
	timer *time.Timer
}

type appointment struct {
	due time.Time
	act func()
}

func newAgenda() *agenda {
	a := &agenda{timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	return a
}

// C returns the channel that tells when to call run.
func (a *agenda) C() <-chan time.Time { return a.timer.C }

// in has act happen after d.
func (a *agenda) in(d time.Duration, act func()) {
	a.items = append(a.items, appointment{time.Now().Add(d), act})
	a.wind()
}

// clear forgets everything.
func (a *agenda) clear() {
	a.items = nil
	a.wind()
}

// run does what is due, which may change the agenda.
func (a *agenda) run() {
	now := time.Now()
	var due, rest []appointment
	for _, x := range a.items {
		if x.due.After(now) {
			rest = append(rest, x)
		} else {
			due = append(due, x)
		}
	}
	a.items = rest
	a.wind()
	for _, x := range due {
		x.act()
	}
}

// wind sets the timer to what is due first.
func (a *agenda) wind() {
	a.timer.Stop()
	if len(a.items) == 0 {
		return
	}
	first := a.items[0].due
	for _, x := range a.items[1:] {
		if x.due.Before(first) {
			first = x.due
		}
	}
	a.timer.Reset(time.Until(first))
}
