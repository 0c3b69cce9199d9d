package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// keysIn returns the keys of a metrics file, in words; every line must be whole.
func keysIn(t interface{ Fatalf(string, ...any) }, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var words []string
	for line := range bytes.Lines(text) {
		var key lineKey
		if err := json.Unmarshal(line, &key); err != nil || line[len(line)-1] != '\n' {
			t.Fatalf("line %q: %v", line, err)
		}
		words = append(words, fmt.Sprint(key.Step, key.Split))
	}
	return strings.Join(words, " ")
}

// step and evaluated are what the observers tell a metrics file.
func (m *metricsFile) step(step int) { m.add(lineKey{Step: step}, StepDone{Step: step}) }

func (m *metricsFile) evaluated(step int) {
	m.add(lineKey{step, "val"}, Evaluation{Step: step, Split: "val"})
}

// TestMetricsChangeOfWriter: the new writer cuts what is torn, adds what is
// missing, and repeats nothing.
func TestMetricsChangeOfWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), metricsName)
	a, b := newMetricsFile(path), newMetricsFile(path)
	if err := a.begin(0); err != nil {
		t.Fatal(err)
	}
	b.rest(0)
	for step := 1; step <= 5; step++ {
		a.step(step)
		b.step(step)
	}
	if got := keysIn(t, path); got != "1 2 3 4 5" {
		t.Errorf("while it runs: %s", got)
	}
	b.evaluated(5) // a was killed before, and while it wrote
	text, _ := os.ReadFile(path)
	write(t, path, append(text, `{"step":6,"ste`...))
	if err := b.begin(5); err != nil {
		t.Fatal(err)
	}
	b.step(6)
	if got := keysIn(t, path); got != "1 2 3 4 5 5val 6" {
		t.Errorf("a new writer: %s", got)
	}
	// The ring falls back a step, and the same node writes on.
	if err := b.begin(5); err != nil {
		t.Fatal(err)
	}
	if got := keysIn(t, path); got != "1 2 3 4 5 5val" {
		t.Errorf("a step back: %s", got)
	}
	b.step(6)
	b.evaluated(6)
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	if got := keysIn(t, path); got != "1 2 3 4 5 5val 6 6val" {
		t.Errorf("at the end: %s", got)
	}
}

// TestMetricsResume: a new process goes on behind the step it resumes at.
func TestMetricsResume(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		step int
		want string
	}{
		"empty":          {"", 3, "4"},
		"beyond":         {"{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"split\":\"val\"}\n{\"step\":3}\n", 2, "1 2 2val 3"},
		"to the start":   {"{\"step\":1}\n{\"step\":2}\n", 0, "1"},
		"zeros":          {"{\"step\":1}\n\x00\x00\x00\x00\n\x00", 1, "1 2"},
		"not a line":     {"{\"step\":1}\n[]\n{\"step\":2}\n", 2, "1 2 3"},
		"torn only":      {"{\"st", 0, "1"},
		"late":           {"{\"step\":1}\n{\"step\":2}\n{\"step\":1}\n", 2, "1 2 3"},
		"missing behind": {"{\"step\":1}\n", 8, "1 9"},
	} {
		path := writeFile(t, metricsName, []byte(c.text))
		m := newMetricsFile(path)
		if err := m.begin(c.step); err != nil {
			t.Fatal(err)
		}
		m.step(c.step + 1)
		if err := m.close(); err != nil {
			t.Error(err)
		}
		if name == "not a line" { // stays where it is: it lies before the end
			text, _ := os.ReadFile(path)
			write(t, path, bytes.Replace(text, []byte("[]\n"), nil, 1))
		}
		if got := keysIn(t, path); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestMetricsLongFile goes back further than one look reaches.
func TestMetricsLongFile(t *testing.T) {
	var text bytes.Buffer
	for step := 1; step <= 3000; step++ {
		fmt.Fprintf(&text, "{\"step\":%d,\"padding\":%q}\n", step, strings.Repeat("x", 100))
	}
	for _, step := range []int{3000, 2999, 2500, 1200, 3, 0} {
		path := writeFile(t, metricsName, text.Bytes())
		m := newMetricsFile(path)
		m.step(1) // in the file already, unless the run starts again
		if err := m.begin(step); err != nil {
			t.Fatal(err)
		}
		m.step(step + 1)
		if err := m.close(); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(keysIn(t, path))
		if len(words) != step+1 || words[step] != fmt.Sprint(step+1) {
			t.Errorf("back to step %d: %d lines, the last %s", step, len(words), words[len(words)-1])
		}
	}
}

// TestMetricsTrouble: a file that cannot be written is reported once, and
// completed when it can.
func TestMetricsTrouble(t *testing.T) {
	path := filepath.Join(t.TempDir(), metricsName)
	mkdir(t, filepath.Dir(path), metricsName)
	var warned []string
	now := time.Unix(0, 0)
	m := newMetricsFile(path)
	m.warn, m.now = func(err error) { warned = append(warned, err.Error()) }, func() time.Time { return now }
	if err := m.begin(0); err == nil {
		t.Fatal("a directory in the place of the file is no trouble")
	}
	m.step(1)
	now = now.Add(retryMetrics)
	m.step(2)
	if len(warned) != 1 || !strings.Contains(warned[0], "is a directory") {
		t.Errorf("warned %q", warned)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	m.step(3) // too early
	now = now.Add(retryMetrics)
	m.step(4)
	if got := keysIn(t, path); got != "1 2 3 4" {
		t.Errorf("when it works again: %s", got)
	}
	m.file.Close() // the disk goes away
	m.step(5)
	m.step(6)
	if err := m.close(); err != nil || len(warned) != 2 {
		t.Errorf("%v; warned %q", err, warned)
	}
	if got := keysIn(t, path); got != "1 2 3 4 5 6" {
		t.Errorf("at the end: %s", got)
	}
	m = newMetricsFile(filepath.Join(path, "in", "a", "file"))
	m.begin(0)
	if err := m.close(); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("lines lost without a word: %v", err)
	}
}

func TestMetricsBounded(t *testing.T) {
	m := newMetricsFile(filepath.Join(t.TempDir(), metricsName))
	for step := range 5 * recentLines {
		m.step(step + 1)
	}
	if n := len(m.recent); n > 2*recentLines || m.recent[n-1].key.Step != 5*recentLines {
		t.Errorf("%d lines are kept", n)
	}
	if err := m.begin(5 * recentLines); err != nil {
		t.Fatal(err)
	}
	m.close()
	if n := len(strings.Fields(keysIn(t, m.path))); n < recentLines {
		t.Errorf("%d lines were at hand", n)
	}
}

// TestMetricsLaw: whoever writes, dies in the middle of a line, falls back or
// takes over, the file ends with each line once and in order.
func TestMetricsLaw(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		nodes := []*metricsFile{newMetricsFile(path), newMetricsFile(path), newMetricsFile(path)}
		step := 0
		form := func(writer int) {
			for i, m := range nodes {
				if i != writer {
					m.rest(step)
				} else if err := m.begin(step); err != nil {
					t.Fatal(err)
				}
			}
		}
		form(0)
		for range rapid.IntRange(1, 12).Draw(t, "sessions") {
			for range rapid.IntRange(0, 5).Draw(t, "steps") {
				step++
				for _, m := range nodes {
					m.step(step)
					if step%3 == 0 {
						m.evaluated(step)
					}
				}
			}
			if step > 0 && rapid.Bool().Draw(t, "back") && step%3 != 1 {
				step--
			}
			if text, _ := os.ReadFile(path); len(text) > 0 {
				cut := rapid.IntRange(0, min(60, len(text))).Draw(t, "torn")
				if err := os.WriteFile(path, text[:len(text)-cut], 0o666); err != nil {
					t.Fatal(err)
				}
			}
			form(rapid.IntRange(0, 2).Draw(t, "writer"))
		}
		var want []string
		for s := 1; s <= step; s++ {
			want = append(want, fmt.Sprint(s))
			if s%3 == 0 {
				want = append(want, fmt.Sprint(s, "val"))
			}
		}
		if d := cmp.Diff(strings.Join(want, " "), keysIn(t, path)); d != "" {
			t.Fatalf("%s", d)
		}
		for _, m := range nodes {
			m.close()
		}
	})
}

func FuzzReadTail(f *testing.F) {
	f.Add([]byte("{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"split\":\"val\"}\n{\"st"), 2)
	f.Add([]byte("\n\n"), 0)
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		tail, err := readTail(bytes.NewReader(text), int64(len(text)), step)
		if err != nil || tail.end < 0 || tail.end > int64(len(text)) || tail.last > max(step, 0) {
			t.Fatalf("%+v, %v", tail, err)
		}
		if tail.end > 0 && text[tail.end-1] != '\n' {
			t.Fatalf("cut at %d, inside a line", tail.end)
		}
		again, err := readTail(bytes.NewReader(text[:tail.end]), tail.end, step)
		if d := cmp.Diff(tail, again, cmp.AllowUnexported(metricsTail{})); err != nil || d != "" {
			t.Fatalf("cut again: %v %s", err, d)
		}
	})
}
