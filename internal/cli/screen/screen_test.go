package screen

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/internal/bubble"
	"github.com/ballast-ml/ballast/train"
)

// world is a screen with a clock and an output of its own.
type world struct {
	*Screen
	out bytes.Buffer
	now time.Time
}

func newWorld(mode Mode, width int) *world {
	w := &world{now: time.Unix(1000, 0)}
	w.Screen = New(Config{
		Mode: mode, Out: &w.out, Width: func() int { return width },
		Now: func() time.Time { return w.now },
	})
	return w
}

// steps does the steps [from, to] of 100, dt apart.
func (w *world) steps(from, to int, dt time.Duration) {
	for i := from; i <= to; i++ {
		w.now = w.now.Add(dt)
		w.StepDone(train.StepDone{Step: i, Steps: 100, Epoch: 1 + i/50, Epochs: 2, SamplesSeen: int64(i) * 128, Loss: 0.5})
	}
}

func TestPlain(t *testing.T) {
	w := newWorld(Plain, 80)
	w.Begin("absgd+la")
	w.steps(1, 100, 100*time.Millisecond)
	w.Evaluated(train.Evaluation{Split: "test", Epoch: 2, Metrics: train.Metrics{Accuracy: 0.9, BalancedAccuracy: 0.8, WorstClassRecall: 0.7}})
	w.Close()
	want := []string{
		"method=absgd+la epoch=1/2 step=1/100 loss=0.5000",
		"method=absgd+la epoch=1/2 step=21/100 loss=0.5000 samples_per_second=1280 eta=0:08",
		"method=absgd+la epoch=1/2 step=41/100 loss=0.5000 samples_per_second=1280 eta=0:06",
		"method=absgd+la epoch=2/2 step=61/100 loss=0.5000 samples_per_second=1280 eta=0:04",
		"method=absgd+la epoch=2/2 step=81/100 loss=0.5000 samples_per_second=1280 eta=0:02",
		"method=absgd+la epoch=3/2 step=100/100 loss=0.5000 samples_per_second=1280 eta=0:00",
		"method=absgd+la epoch=2 split=test accuracy=0.9000 balanced_accuracy=0.8000 worst_class_recall=0.7000",
	}
	if d := cmp.Diff(want, strings.Split(strings.TrimSpace(w.out.String()), "\n")); d != "" {
		t.Error(d)
	}
}

func TestNone(t *testing.T) {
	w := newWorld(None, 80)
	w.steps(1, 100, time.Second)
	w.Evaluated(train.Evaluation{})
	w.Note("hello")
	w.Close()
	if w.out.Len() > 0 {
		t.Errorf("wrote %q, want nothing", w.out.String())
	}
	fmt.Fprint(w, "a log line\n")
	if w.out.String() != "a log line\n" {
		t.Errorf("wrote %q, want the log line", w.out.String())
	}
}

func TestTTY(t *testing.T) {
	w := newWorld(TTY, 120)
	w.Begin("la")
	w.steps(1, 1, time.Second)
	w.steps(2, 2, 10*time.Millisecond) // too soon to be drawn
	w.steps(3, 3, time.Second)
	fmt.Fprint(w, "a log ")
	fmt.Fprint(w, "line\n")
	w.Note("a note")
	w.Close()
	line1 := "la  ▏···················  epoch 1/2  step 1/100  - samples/s  loss 0.5000  ETA -"
	line3 := "la  ▌···················  epoch 1/2  step 3/100  253 samples/s  loss 0.5000  ETA 0:49"
	want := clearLine + line1 + clearLine + line3 +
		clearLine + "a log line\n" + clearLine + line3 +
		clearLine + "a note\n" + clearLine + line3 + clearLine
	if d := cmp.Diff(want, w.out.String()); d != "" {
		t.Error(d)
	}
}

// TestLiveFits: the live line never reaches the last column, and colours do
// not count.
func TestLiveFits(t *testing.T) {
	p := progress{
		StepDone: train.StepDone{Step: 12345, Steps: 99999, Epoch: 10, Epochs: 200, Loss: train.Num(math.NaN())},
		title:    "3/3 absgd+la über", rate: 123456, eta: 90 * time.Minute,
	}
	for width := range 150 {
		plain := p.live(width, false)
		if n := columns(plain); n > max(width-1, 0) {
			t.Errorf("width %d: %d columns in %q", width, n, plain)
		}
		coloured := strings.NewReplacer(bold, "", dim, "", reset, "").Replace(p.live(width, true))
		if coloured != plain {
			t.Errorf("width %d: %q with colours, %q without", width, coloured, plain)
		}
	}
	if got := p.live(150, false); !strings.Contains(got, "ETA 1:30:00") || !strings.Contains(got, "█") {
		t.Errorf("%q: want a bar and the time left", got)
	}
}

func TestChoose(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(k string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == k {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, tt := range []struct {
		word string
		want Mode
	}{{"auto", Plain}, {"tty", TTY}, {"plain", Plain}, {"none", None}} {
		if got := Choose(tt.word, null, env()); got != tt.want {
			t.Errorf("Choose(%q) = %v on a file, want %v", tt.word, got, tt.want)
		}
	}
	if Colour(env("NO_COLOR", "1")) || !Colour(env()) {
		t.Error("NO_COLOR is not honoured")
	}
	if Width(null) != 80 || Width(&bytes.Buffer{}) != 80 {
		t.Error("a file has no width: want 80")
	}
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	s := New(Config{Mode: TTY, Out: &bytes.Buffer{}, Width: func() int { return 80 }, Now: time.Now})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 100 {
				s.StepDone(train.StepDone{Step: i, Steps: 100})
				fmt.Fprintln(s, "line")
			}
		})
	}
	wg.Wait()
	s.Close()
}

// TestNoTotal: where nobody knows how many steps there are, none is made up.
func TestNoTotal(t *testing.T) {
	v := progress{StepDone: train.StepDone{Step: 7, Epoch: 1, Epochs: 1, Loss: 2}, title: "absgd", eta: -1}
	if got, want := v.plain(), "method=absgd epoch=1/1 step=7 loss=2.0000"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := v.live(100, false), "absgd    epoch 1/1  step 7  - samples/s  loss 2.0000  ETA -"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	w := newWorld(Plain, 80)
	for i := range 3 {
		w.StepDone(train.StepDone{Step: i + 1, Epoch: 1, Epochs: 1, SamplesSeen: int64(100 * i)})
		w.now = w.now.Add(5 * time.Second)
	}
	if strings.Contains(w.out.String(), "eta") || !strings.Contains(w.out.String(), "step=3 ") {
		t.Errorf("%s", w.out.String())
	}
}

func ExampleScreen() {
	s := New(Config{Mode: Plain, Out: os.Stdout, Now: func() time.Time { return time.Unix(0, 0) }})
	s.Begin("erm")
	s.StepDone(train.StepDone{Step: 1, Steps: 10, Epoch: 1, Epochs: 1, Loss: 2.3})
	s.Close()
	// Output: method=erm epoch=1/1 step=1/10 loss=2.3000
}

// TestWaiting: a wait is told when it has lasted, with its latest reason.
func TestWaiting(t *testing.T) {
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(Plain, 80)
		w.Waiting("no ring: for a")
		time.Sleep(patience / 2)
		w.Waiting("") // it came soon
		time.Sleep(time.Hour)
		w.Waiting("no ring: for b")
		time.Sleep(patience / 2)
		w.Waiting("no ring: for c")
		time.Sleep(time.Hour)
		w.Waiting("no ring: for d")
		w.Close()
		time.Sleep(time.Hour)
		if got, want := w.out.String(), "no ring: for c\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
