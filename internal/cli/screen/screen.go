package screen

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// patience is how long something is waited for before the person is told.
const patience = time.Second

const (
	redraw   = 100 * time.Millisecond // between two drawings of the live line
	plainGap = 2 * time.Second        // between two plain lines
)

const (
	clearLine = "\r\x1b[K"
	dim       = "\x1b[2m"
	bold      = "\x1b[1m"
	reset     = "\x1b[0m"
)

// Config says how and where to show progress.
type Config struct {
	Mode   Mode
	Colour bool
	Out    io.Writer
	Width  func() int       // columns of the terminal
	Now    func() time.Time // the clock
}

// Screen shows the progress of one run, or of several one after the other.
// Its methods may be called from several goroutines.
type Screen struct {
	cfg Config
	mu  struct {
		sync.Mutex
		title   string
		pace    pace
		last    time.Time // of the last drawing
		live    string    // the live line as it stands; empty: none
		partial []byte    // the start of a line that is being written

		reason string      // what is waited for; empty: nothing
		alarm  *time.Timer // when to say so; nil: not to
	}
}

// New returns a screen. Close it to leave the terminal clean.
func New(cfg Config) *Screen { return &Screen{cfg: cfg} }

// Begin names the run whose steps follow: its method, or "2/3 la".
func (s *Screen) Begin(title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.title, s.mu.pace, s.mu.last = title, pace{}, time.Time{}
}

// StepDone shows a step, if it is time to.
func (s *Screen) StepDone(v train.StepDone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	s.mu.pace.add(now, v.Step, v.SamplesSeen)
	gap := plainGap
	if s.cfg.Mode == TTY {
		gap = redraw
	}
	if s.cfg.Mode == None || (now.Sub(s.mu.last) < gap && v.Step != v.Steps) {
		return
	}
	s.mu.last = now
	p := progress{StepDone: v, title: s.mu.title, rate: s.mu.pace.samples(), eta: -1}
	if v.Steps > 0 {
		p.eta = s.mu.pace.eta(v.Steps - v.Step)
	}
	if s.cfg.Mode == Plain {
		fmt.Fprintln(s.cfg.Out, p.plain())
		return
	}
	s.draw(p.live(s.cfg.Width(), s.cfg.Colour))
}

// Evaluated shows the outcome of an evaluation as a line that stays, in plain
// mode only: on a terminal it would push the live line down every epoch.
func (s *Screen) Evaluated(v train.Evaluation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.Mode == Plain {
		fmt.Fprintf(s.cfg.Out, "method=%s epoch=%d split=%s accuracy=%.4f balanced_accuracy=%.4f worst_class_recall=%.4f\n",
			word(s.mu.title), v.Epoch, word(v.Split), v.Accuracy, v.BalancedAccuracy, v.WorstClassRecall)
	}
}

// CheckpointWritten tells of a checkpoint, in plain mode only.
func (s *Screen) CheckpointWritten(v train.CheckpointWritten) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.Mode == Plain {
		fmt.Fprintf(s.cfg.Out, "method=%s step=%d checkpoint=%s bytes=%d\n", word(s.mu.title), v.Step, word(v.Path), v.Bytes)
	}
}

// Waiting says that something is waited for, if that takes long enough for a person to
// wonder; an empty reason ends the wait.
func (s *Screen) Waiting(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.reason = reason
	switch {
	case reason == "" && s.mu.alarm != nil:
		s.mu.alarm.Stop()
		s.mu.alarm = nil
	case reason != "" && s.mu.alarm == nil:
		s.mu.alarm = time.AfterFunc(patience, s.stillWaiting)
	}
}

func (s *Screen) stillWaiting() {
	s.mu.Lock()
	reason := s.mu.reason
	if s.mu.alarm == nil {
		reason = "" // it has come, or the screen is closed
	}
	s.mu.alarm = nil
	s.mu.Unlock()
	if reason != "" {
		s.Note("%s", reason)
	}
}

// Note prints a line for people: it stays, above the live line. There is none
// in the mode None.
func (s *Screen) Note(format string, args ...any) {
	if s.cfg.Mode != None {
		_, _ = fmt.Fprintf(s, format+"\n", args...)
	}
}

// Write prints whole lines above the live line, in every mode, and keeps the
// start of a line until its end comes. It is for logs.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.partial = append(s.mu.partial, p...)
	end := bytes.LastIndexByte(s.mu.partial, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	live := s.mu.live
	s.wipe()
	_, err := s.cfg.Out.Write(s.mu.partial[:end])
	s.mu.partial = append(s.mu.partial[:0], s.mu.partial[end:]...)
	if live != "" {
		s.draw(live)
	}
	return len(p), err
}

// End removes the live line, until the next step draws it again.
func (s *Screen) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

// Close removes the live line and prints the start of a line that never ended.
func (s *Screen) Close() {
	s.Waiting("")
	s.End()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mu.partial) > 0 {
		fmt.Fprintf(s.cfg.Out, "%s\n", s.mu.partial)
		s.mu.partial = nil
	}
}

// draw replaces the live line. A person who watches must not lose the run to a
// terminal that cannot be written, so errors are dropped.
func (s *Screen) draw(line string) {
	_, _ = io.WriteString(s.cfg.Out, clearLine+line)
	s.mu.live = line
}

func (s *Screen) wipe() {
	if s.mu.live != "" {
		_, _ = io.WriteString(s.cfg.Out, clearLine)
		s.mu.live = ""
	}
}

// word makes one word of a text for a key=value line.
func word(text string) string { return strings.ReplaceAll(text, " ", "_") }
