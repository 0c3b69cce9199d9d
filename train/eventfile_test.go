package train

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/internal/tfevents"
	"github.com/ballast-ml/ballast/internal/tfevents/tfeventstest"
)

// withEvents returns a metrics file in dir that writes events beside it.
func withEvents(dir string) *metricsFile {
	m := newMetricsFile(filepath.Join(dir, metricsName))
	m.events = newEventFile(dir)
	return m
}

// curveIn returns the steps of a tag's curve, in words.
func curveIn(t *testing.T, dir, tag string) string {
	t.Helper()
	curves, err := tfeventstest.Curves(dir)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, p := range curves[tag] {
		words = append(words, fmt.Sprint(p.Step))
	}
	return strings.Join(words, " ")
}

func eventFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, tfevents.Prefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestEventsChangeOfWriter: the events are those of metrics.jsonl, whoever has
// written them, and whatever came again.
func TestEventsChangeOfWriter(t *testing.T) {
	dir := t.TempDir()
	a, b := withEvents(dir), withEvents(dir)
	if err := a.begin(0); err != nil {
		t.Fatal(err)
	}
	if files := eventFiles(t, dir); files != nil {
		t.Errorf("before there is anything to write: %v", files)
	}
	b.rest(0)
	for step := 1; step <= 5; step++ {
		a.step(step)
		b.step(step)
	}
	a.step(6) // which nobody else has come to, and its line was torn
	text, _ := os.ReadFile(a.path)
	write(t, a.path, text[:len(text)-3])
	b.evaluated(5)
	if err := b.begin(5); err != nil {
		t.Fatal(err)
	}
	b.step(6)
	if got := curveIn(t, dir, "train/loss"); got != "1 2 3 4 5 6" {
		t.Errorf("a new writer: %s", got)
	}
	if err := b.begin(5); err != nil { // the ring falls back a step, and the same node writes on
		t.Fatal(err)
	}
	b.step(6)
	b.evaluated(6)
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	if got := curveIn(t, dir, "train/loss"); got != "1 2 3 4 5 6" {
		t.Errorf("a step back: %s", got)
	}
	if got := curveIn(t, dir, "val/accuracy"); got != "5 6" {
		t.Errorf("evaluations: %s", got)
	}
	if got := keysIn(t, b.path); got != "1 2 3 4 5 5val 6 6val" {
		t.Errorf("the lines: %s", got)
	}
	if files := eventFiles(t, dir); len(files) != 3 {
		t.Errorf("the pen was taken three times: %v", files)
	}
}

// TestEventsResume: a process that goes on behind an earlier step has the later
// ones forgotten, though another process wrote them under a clock ahead of time.
func TestEventsResume(t *testing.T) {
	dir := t.TempDir()
	first := withEvents(dir)
	first.events.now = func() time.Time { return time.Now().Add(time.Hour) }
	if err := first.begin(0); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 9; step++ {
		first.step(step)
	}
	first.evaluated(9)
	second := withEvents(dir)
	if err := second.begin(4); err != nil {
		t.Fatal(err)
	}
	second.step(5)
	if got := curveIn(t, dir, "train/loss"); got != "1 2 3 4 5" {
		t.Errorf("steps %s", got)
	}
	if got := curveIn(t, dir, "val/accuracy"); got != "" {
		t.Errorf("an evaluation that is still to come: %s", got)
	}
}

// TestEventsAreTriedAgain: a record that cannot be written keeps its line out of
// metrics.jsonl, and both come when it works again, in the same file.
func TestEventsAreTriedAgain(t *testing.T) {
	dir := t.TempDir()
	m := withEvents(dir)
	at, warnings := time.Unix(0, 0), 0
	m.now, m.warn = func() time.Time { return at }, func(error) { warnings++ }
	if err := m.begin(0); err != nil {
		t.Fatal(err)
	}
	m.step(1)
	good := m.events.file
	broken, err := os.Open(good.Name()) // cannot be written to
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	m.events.file = broken
	m.step(2)
	m.step(3)
	if got := keysIn(t, m.path); got != "1" || warnings != 1 {
		t.Errorf("lines %s, %d warnings", got, warnings)
	}
	m.events.file = good
	at = at.Add(retryMetrics)
	m.step(4)
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	if got, lines := curveIn(t, dir, "train/loss"), keysIn(t, m.path); got != "1 2 3 4" || lines != got {
		t.Errorf("steps %s, lines %s", got, lines)
	}
	if files := eventFiles(t, dir); len(files) != 1 {
		t.Errorf("files %v", files)
	}
}

// TestEventFigures: what is in a record, and that the time is the line's own.
func TestEventFigures(t *testing.T) {
	step := StepDone{Step: 3, Rows: 8, Loss: Num(math.NaN()), WeightedLoss: 2, ESS: 6, LR: 0.5, Lambda: Num(math.Inf(1)), LogU: Num(math.Inf(-1)),
		Phases: Phases{Backward: 0.25}}
	got := map[string]float64{}
	for _, s := range figuresOf(step) {
		got[s.Tag] = s.Value
	}
	for tag, want := range map[string]float64{
		"train/weighted_loss": 2, "train/ess_ratio": 0.75, "train/learning_rate": 0.5, "seconds/backward": 0.25, "seconds/data": 0,
	} {
		if v, ok := got[tag]; !ok || v != want {
			t.Errorf("%s is %v, want %v", tag, v, want)
		}
	}
	if !math.IsNaN(got["train/loss"]) {
		t.Errorf("a loss that is no number became %v", got["train/loss"])
	}
	for _, tag := range []string{"train/lambda", "train/log_u"} {
		if v, ok := got[tag]; ok {
			t.Errorf("%s, which is not in use, is %v", tag, v)
		}
	}
	evaluation := Evaluation{Split: "val", Metrics: Metrics{Accuracy: 0.5, Figures: map[string]Num{"auroc": 0.75}}}
	if list := fmt.Sprint(figuresOf(evaluation)); !strings.Contains(list, "{val/accuracy 0.5}") || !strings.Contains(list, "{val/auroc 0.75}") {
		t.Errorf("an evaluation: %s", list)
	}

	dir := t.TempDir()
	follower := withEvents(dir)
	follower.now = func() time.Time { return time.Unix(1000, 0) }
	follower.rest(0)
	follower.step(1)
	follower.now = time.Now
	if err := follower.begin(1); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(eventFiles(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	events, err := tfeventstest.Read(text)
	if last := events[len(events)-1]; err != nil || last.Wall != 1000 || last.Step != 1 {
		t.Errorf("a line that was kept in memory: %+v, %v", last, err)
	}
}
