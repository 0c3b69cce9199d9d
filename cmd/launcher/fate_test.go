package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/internal/bubble"
	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/proc"
)

func TestFate(t *testing.T) {
	done := ending{finished: true}
	doneAndKilled := ending{finished: true, exit: proc.Exit{Signal: syscall.SIGKILL}}
	doneButFull := ending{finished: true, failed: &cli.Failed{Message: "disk full", Code: 1}}
	killed := ending{exit: proc.Exit{Signal: syscall.SIGKILL}}
	panicked := ending{exit: proc.Exit{Code: 2}, crash: "panic: x"}
	silent := ending{}
	lost := ending{failed: &cli.Failed{Code: 1, Lost: true}}
	own := ending{failed: &cli.Failed{Code: 1}}
	usage := ending{failed: &cli.Failed{Code: 2}}
	numeric := ending{failed: &cli.Failed{Code: 1, Numeric: true}}
	interrupted := ending{failed: &cli.Failed{Code: 130}}
	left := ending{left: true}
	far := func(code int, met bool) ending {
		return ending{host: "h", met: met, exit: proc.Exit{Code: code}}
	}
	asked := ending{asked: true, exit: proc.Exit{Signal: syscall.SIGKILL}}

	start := circumstances{most: 3, others: 1}                                       // no ring yet
	ring := circumstances{most: 3, others: 1, formed: true}                          // the usual
	alone := circumstances{most: 3, formed: true}                                    // nobody else is left
	late := circumstances{most: 3, restarts: 1, others: 1, formed: true}             // it was started again once
	used := circumstances{most: 3, restarts: 3, spent: 3, others: 1, formed: true}   // it was started again often enough
	last := circumstances{most: 3, restarts: 3, spent: 3, formed: true}              // and nobody else is left
	rested := circumstances{most: 3, restarts: 9, spent: 2, others: 1, formed: true} // it was well for long since
	goodbye := circumstances{most: 3, others: 1, formed: true, finished: true}       // another one has finished
	closing := circumstances{most: 3, formed: true, finished: true}                  // and has ended
	for _, tt := range []struct {
		name string
		e    ending
		c    circumstances
		want fate
	}{
		{"finished", done, ring, over},
		{"finished, the last", done, closing, over},
		{"finished, then killed", doneAndKilled, ring, over},
		{"finished, but not all is written", doneButFull, goodbye, fatal},
		{"left", left, ring, over},
		{"left, the last", left, alone, over},
		{"told to end", asked, ring, over},

		{"killed", killed, ring, again},
		{"killed before there was a ring", killed, start, again},
		{"killed, and alone", killed, alone, again},
		{"killed for the second time", killed, late, again},
		{"killed too often", killed, used, down},
		{"killed often, but not of late", killed, rested, again},
		{"killed too often, the last", killed, last, fatal},
		{"killed when another has finished", killed, goodbye, down},
		{"killed when all others have ended", killed, closing, down},
		{"a panic", panicked, ring, again},
		{"an end without a word", silent, ring, again},

		{"lost another", lost, ring, again},
		{"lost another too often, the last", lost, last, fatal},

		{"an error of its own", own, ring, again},
		{"an error of its own before there was a ring", own, start, fatal},
		{"an error of its own too often", own, used, down},
		{"bad input", usage, start, fatal},
		{"bad input, though there is a ring", usage, ring, fatal},
		{"bad input after a crash", usage, late, down},
		{"bad input after a crash, the last", usage, last, fatal},
		{"not a number", numeric, ring, fatal},
		{"not a number after a crash", numeric, late, fatal},
		{"stopped by hand", interrupted, ring, down},
		{"stopped by hand, the last", interrupted, alone, fatal},

		{"killed on another machine", far(137, true), ring, again},
		{"the connection is lost", far(255, true), ring, down},
		{"the connection is lost, the last", far(255, true), alone, fatal},
		{"nobody lets us in", far(255, false), start, fatal},
		{"nobody lets us in again", far(255, false), late, again},
		{"nobody lets us in too often", far(255, false), used, down},
		{"the program is not there", far(127, false), start, fatal},
		{"the program is not for that machine", far(126, false), start, fatal},
		{"the copy is not there any more", far(127, false), late, again},
		{"bad input on another machine", ending{host: "h", failed: &cli.Failed{Code: 2}, exit: proc.Exit{Code: 2}}, start, fatal},
		{"finished on another machine, connection lost then", ending{host: "h", met: true, finished: true, exit: proc.Exit{Code: 255}}, ring, over},
	} {
		if got := tt.e.fate(tt.c); got != tt.want {
			t.Errorf("%s: fate %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestPause(t *testing.T) {
	for restarts, want := range []time.Duration{500, 1000, 2000, 4000, 8000, 8000, 8000} {
		if got := pause(restarts); got != want*time.Millisecond {
			t.Errorf("before restart %d: %v, want %v", restarts+1, got, want*time.Millisecond)
		}
	}
	if got := pause(1 << 30); got != longPause {
		t.Errorf("after many: %v", got)
	}
}

// TestRegain: a node that was well for a while gets restarts back, one that was
// on no ring does not, and nobody gets more than were spent.
func TestRegain(t *testing.T) {
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		onRing bool
		well   time.Duration
		want   int
	}{
		{"ended at once", true, time.Second, 2},
		{"almost", true, cli.RegainAfter - 1, 2},
		{"one", true, cli.RegainAfter, 1},
		{"all", true, 100 * cli.RegainAfter, 0},
		{"on no ring", false, 100 * cli.RegainAfter, 2},
	} {
		n := &member{spent: 2}
		if tt.onRing {
			n.formed(begun)
			n.formed(begun.Add(tt.well)) // another ring is no new beginning
		}
		if n.regain(begun.Add(tt.well)); n.spent != tt.want {
			t.Errorf("%s: %d restarts are spent, want %d", tt.name, n.spent, tt.want)
		}
	}
}

func TestSeeds(t *testing.T) {
	a := &member{phase: running, addr: "a:1"}
	b := &member{phase: running, addr: "b:1"}
	silent := &member{phase: running}
	dead := &member{phase: ended, addr: "d:1"}
	rests := &member{phase: resting, addr: "r:1"}
	waits := &member{phase: ready}
	for _, tt := range []struct {
		name             string
		nodes            []*member
		given, elsewhere []string
		want             string
		ok               bool
	}{
		{"the first", []*member{waits, waits}, nil, nil, "", true},
		{"the second, too early", []*member{silent, waits}, nil, nil, "", false},
		{"the second", []*member{a, waits}, nil, nil, "a:1", true},
		{"again, beside two", []*member{a, waits, b, dead}, nil, nil, "a:1,b:1", true},
		{"again, beside one that is about to listen", []*member{a, waits, silent}, nil, nil, "a:1", true},
		{"again, all others are dead or to be started", []*member{waits, dead, rests}, nil, nil, "", true},
		{"told whom to join", []*member{waits, silent}, []string{"h:1"}, nil, "h:1", true},
		{"again, with a ring elsewhere", []*member{waits, dead}, nil, []string{"e:1"}, "e:1", true},
		{"all at once", []*member{waits, b}, []string{"h:1"}, []string{"e:1"}, "h:1,b:1,e:1", true},
	} {
		join, ok := seeds(tt.nodes, tt.given, tt.elsewhere)
		if got := strings.Join(join, ","); got != tt.want || ok != tt.ok {
			t.Errorf("%s: join %q, %v; want %q, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
	if got := beyond([]*member{a, dead}, []string{"a:1", "x:1", "d:1", "y:1"}); !slices.Equal(got, []string{"x:1", "y:1"}) {
		t.Errorf("beyond our own nodes: %v", got)
	}
}

// TestAgenda: everything happens when it is due, in the order of its time, and
// what happens may add to it.
func TestAgenda(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		a := newAgenda()
		started := time.Now()
		var got []string
		note := func(name string) func() {
			return func() { got = append(got, name+"@"+time.Since(started).String()) }
		}
		a.in(3*time.Second, note("c"))
		a.in(time.Second, func() {
			note("a")()
			a.in(time.Second, note("b"))
		})
		a.in(3*time.Second, note("d"))
		a.in(5*time.Second, func() { t.Error("it was cleared") })
		for len(got) < 4 {
			<-a.C()
			a.run()
		}
		a.clear()
		select {
		case <-a.C():
			t.Error("due after it was cleared")
		case <-time.After(time.Minute):
		}
		if want := "a@1s b@2s c@3s d@3s"; strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	})
}
