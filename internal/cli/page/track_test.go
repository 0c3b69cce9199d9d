package page

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestTrack: however long a run, each value is in one column, the columns are
// few, and no extreme is lost.
func TestTrack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 599, 600, 601, 1200, 1201, 100_003} {
		var track track
		var sum, count float64
		low, high, step := math.Inf(1), math.Inf(-1), r.IntN(1000)
		first := step
		for range n {
			v := r.NormFloat64()
			if r.IntN(10) == 0 {
				v = math.NaN()
			} else {
				sum, count, low, high = sum+v, count+1, min(low, v), max(high, v)
			}
			track.add(step, v, float64(step))
			step += 1 + r.IntN(2)
		}
		all, lines := spread{}, 0
		for i, c := range track.columns {
			if lines += c.lines; c.lines == 0 {
				continue
			}
			all.join(c.of[0])
			if from, to := track.bounds(i); c.of[1].low < float64(from) || c.of[1].high > float64(to) {
				t.Errorf("%d values: steps %v to %v in the column of %d to %d", n, c.of[1].low, c.of[1].high, from, to)
			}
		}
		if track.first != first || lines != n || float64(all.n) != count || count > 0 && (all.low != low || all.high != high || math.Abs(all.sum-sum) > 1e-6) {
			t.Errorf("%d values from step %d: %d lines, %+v from step %d", n, first, lines, all, track.first)
		}
		if len(track.columns) > maxColumns {
			t.Errorf("%d values are in %d columns", n, len(track.columns))
		}
	}
}

func TestQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var counted times
	var all []float64
	for range 10_000 {
		v := math.Exp(3*r.NormFloat64() - 6)
		counted.add(v)
		all = append(all, v)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.95, 1} {
		want := all[int(math.Ceil(q*float64(len(all))))-1]
		if got := counted.quantile(q); math.Abs(got/want-1) > 0.006 {
			t.Errorf("quantile %v is %v, expected %v", q, got, want)
		}
	}
	if v := (&times{}).quantile(0.5); !math.IsNaN(v) {
		t.Errorf("the median of nothing is %v", v)
	}
}

// endless gives the lines of a run one by one, so that no file has to hold them.
type endless struct {
	step, steps int
	left        []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.left) == 0 {
		if e.step == e.steps {
			return 0, io.EOF
		}
		e.step++
		loss := 1.0
		if e.step == e.steps/3 {
			loss = 1000
		}
		e.left = fmt.Appendf(nil, `{"step":%d,"steps":%d,"rows":10,"loss":%v,"ess":5,"seconds":{"forward":0.25}}`+"\n", e.step, e.steps, loss)
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// TestLongRun: a run of many steps is thinned, and its one spike stays.
func TestLongRun(t *testing.T) {
	m := &history{}
	if err := m.read(&endless{steps: 100_000}); err != nil {
		t.Fatal(err)
	}
	if m.last.Step != 100_000 || len(m.missing()) > 0 || len(m.steps.columns) > maxColumns {
		t.Errorf("step %d in %d columns, missing %v", m.last.Step, len(m.steps.columns), m.missing())
	}
	r := &Run{Dir: "x", metrics: m}
	var b bytes.Buffer
	if err := Write(&b, []*Run{r}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, b.String()); !strings.Contains(text, "to 1000)") || !strings.Contains(text, "a point is the mean of 256 steps") {
		t.Error("the spike is not told, or not the thinning")
	}
}

// TestLongLine: a line that is too long is left out, and those behind it count.
func TestLongLine(t *testing.T) {
	long := bytes.Repeat([]byte("x"), maxLine)
	m := &history{}
	if err := m.read(io.MultiReader(bytes.NewReader(long), strings.NewReader("\n"), bytes.NewReader(lines(3)))); err != nil {
		t.Fatal(err)
	}
	if m.last.Step != 3 || m.foreign != 1 || m.firstForeign != 1 {
		t.Errorf("step %d, %d foreign lines from %d", m.last.Step, m.foreign, m.firstForeign)
	}
}

// TestLongLineMemory: nor does it take memory.
func TestLongLineMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	calls := 0
	err := eachLine(io.LimitReader(xs{}, 16*maxLine), func(_ int, line []byte, whole bool) {
		if calls++; line != nil || whole {
			t.Errorf("a line of %d bytes, whole: %v", len(line), whole)
		}
	})
	if runtime.ReadMemStats(&after); err != nil || calls != 1 || after.TotalAlloc-before.TotalAlloc > 8*maxLine {
		t.Errorf("%d lines in %d bytes: %v", calls, after.TotalAlloc-before.TotalAlloc, err)
	}
}

// xs is a line that never ends.
type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestSlowest names where the time went.
func TestSlowest(t *testing.T) {
	m := &history{}
	text := strings.Replace(string(lines(40)), `{"step":7,`, `{"step":7,`, 1)
	at := strings.Index(text, `{"step":7,`)
	text = text[:at] + strings.Replace(text[at:], `"allreduce":0.005`, `"allreduce":0.5`, 1)
	if err := m.read(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	want := "Of 40 steps 1 took more than 2 times the median of a step; the slowest: steps 7 to 7 with 516 ms a step (516 ms the longest), most of it all-reduce."
	if got := (&Run{metrics: m}).slowest(); got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

// FuzzMetrics: whatever is in metrics.jsonl, the page is one.
func FuzzMetrics(f *testing.F) {
	f.Add(lines(21))
	f.Add([]byte(`{"step":9223372036854775807,"rows":1}` + "\n" + `{"split":"test","step":9223372036854775807}`))
	f.Add([]byte(`{"step":1,"rows":1,"loss":1e308,"ess":1e308,"lr":-1e308}` + "\n" + `{"step":9223372036854775806,"rows":1,"loss":-1e308,"seconds":{"data":1e9}}`))
	f.Add([]byte(`{"split":"val","step":5,"accuracy":1e-308}` + "\n" + `{"split":"val","step":4}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := &history{}
		if err := m.read(bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		r := &Run{Dir: "x", metrics: m, missing: m.missing()}
		var b bytes.Buffer
		if err := Write(&b, []*Run{r}); err != nil {
			t.Fatal(err)
		}
		read(t, b.String())
	})
}
