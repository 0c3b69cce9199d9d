package scaling

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/internal/bench"
)

var (
	write = flag.String("write", "", "simulate up to -nodes nodes, and write the tables into scaling.md in this directory and the plot beside it")
	nodes = flag.Int("nodes", 1024, "the most nodes with -write")
	keep  = flag.String("keep", "", "with -write: a directory where the times of the models and each table are kept as they come; a run takes from there what it finds")
	only  = flag.Int("table", 0, "with -keep: the one table to simulate, from 1 on; nothing is written but it")
)

// begin and end are the lines of the page between which the tables stand.
const begin, end = "<!-- tables: make scaling -->", "<!-- end of tables -->"

// TestWrite is no test but what "make scaling" runs: virtual time is there in
// tests alone.
func TestWrite(t *testing.T) {
	if *write == "" {
		t.Skip("asked for by -write")
	}
	var tables []Table
	var overlaps []Overlaps
	works := kept(t, "times", func() []Workload { return measured(t) })
	for i, net := range Networks {
		for j, w := range works {
			number := 1 + i*len(works) + j
			if *only != 0 && *only != number {
				continue
			}
			rows := Table{Network: net, Workload: w}
			for n := 2; n <= *nodes; n *= 2 {
				rows.Rows = append(rows.Rows, kept(t, fmt.Sprintf("table%d-%d", number, n), func() Row {
					small := kept(t, fmt.Sprintf("round%d-%d", i+1, n), func() Result { return round(t, net, n) })
					return row(t, net, w, small)
				}))
			}
			tables = append(tables, rows)
			overlaps = append(overlaps, kept(t, fmt.Sprint("overlap", number), func() Overlaps { return pairs(t, net, w, min(*nodes, 128)) }))
		}
	}
	if *only != 0 {
		return
	}
	var page, plot bytes.Buffer
	WriteOverlaps(&page, overlaps)
	WriteTables(&page, tables)
	if err := WritePlot(&plot, tables); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(*write, "scaling.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no lines %q and %q", path, begin, end)
	}
	text = fmt.Appendf(nil, "%s%s\n%s\n%s%s", head, begin, page.String(), end, tail)
	err = errors.Join(os.WriteFile(path, text, 0o644), os.WriteFile(filepath.Join(*write, "scaling.svg"), plot.Bytes(), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

// kept returns what a run before this one found, or else what make finds.
func kept[T any](t *testing.T, name string, make func() T) (found T) {
	if *keep == "" {
		return make()
	}
	path := filepath.Join(*keep, name+".json")
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &found)
	} else if errors.Is(err, fs.ErrNotExist) {
		found = make()
		if text, err = json.MarshalIndent(found, "", "\t"); err == nil {
			err = errors.Join(os.MkdirAll(*keep, 0o755), os.WriteFile(path, text, 0o644))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// measured returns the workloads with the times of this machine: the phases of
// the fastest step, which is the one least disturbed.
func measured(t *testing.T) (all []Workload) {
	for _, name := range bench.Models {
		r, err := bench.Alone(t.Context(), bench.StepTask{Model: name, Method: "absgd", Duration: 4 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		w := Workload{Name: name, Rows: r.Batch, Layers: layers[name]}
		if w.Parameters, w.Statistics, err = bench.Size(name); err != nil {
			t.Fatal(err)
		}
		seconds := func(s float64) time.Duration { return time.Duration(s * 1e9) }
		w.Forward, w.Backward = seconds(r.Fastest.Forward), seconds(r.Fastest.Backward)
		w.Rest = seconds(r.Fastest.AllReduce + r.Fastest.Optimizer)
		all = append(all, w)
	}
	return all
}

// round simulates the small messages of n nodes, all round the ring. They are the
// same whatever the model is.
func round(t *testing.T, net Network, n int) Result {
	return simulate(t, net, Workload{}, Variant{Round: true}, n, 1)
}

// row simulates as many nodes as small has, whose small messages have no chords.
func row(t *testing.T, net Network, w Workload, small Result) Row {
	n, started := small.Nodes, time.Now()
	r := Row{Step: simulate(t, net, w, Variant{}, n, 1)}
	r.Round, r.Folded = r.Step.With(small), r.Step
	if n >= 8 {
		r.Fold = n >> (bits.Len(uint(n)) / 2)
		r.Folded = simulate(t, net, w, Variant{Fold: r.Fold}, n, 1)
	}
	t.Logf("%s, %s, %d nodes: %v, simulated in %v", net.Name, w.Name, n, r.Step.Step, time.Since(started).Round(time.Millisecond))
	return r
}

// pairs simulates 2, 8, 32, ... nodes with and without overlap.
func pairs(t *testing.T, net Network, w Workload, most int) Overlaps {
	out := Overlaps{Network: net, Workload: w}
	for n := 2; n <= most; n *= 4 {
		out.Pairs = append(out.Pairs, Pair{simulate(t, net, w, Variant{}, n, 1), simulate(t, net, w, Variant{Overlap: true}, n, 1)})
	}
	return out
}

// TestOverlap wants a step that is no shorter than its computing or its
// communication alone, and shorter than both one after the other.
func TestOverlap(t *testing.T) {
	w := Workload{
		Name: "a model", Parameters: 64_000, Forward: 10 * time.Millisecond, Backward: 400 * time.Millisecond,
		Layers: []Layer{{1000, 9}, {3000, 3}, {60_000, 4}},
	}
	for _, net := range Networks {
		p := pairs(t, net, w, 8).Pairs[1]
		waits := p.Waiting.Exposed()
		if p.Overlapped.Step < max(w.Compute(), w.Forward+waits) || p.Overlapped.Step >= p.Waiting.Step {
			t.Errorf("%s: %+v", net.Name, p)
		}
	}
}

// TestLayers wants the layers to be those of the models.
func TestLayers(t *testing.T) {
	for _, name := range bench.Models {
		want, _, err := bench.Size(name)
		sum := 0
		for _, l := range layers[name] {
			sum += l.Parameters
		}
		if err != nil || sum > want || sum < want-100 { // tensors are padded
			t.Errorf("%s has %d parameters, its layers %d, %v", name, want, sum, err)
		}
	}
}

// TestWith wants the shortcut of Result.With to be what a whole simulation
// finds, but for the few microseconds by which nodes leave a sum apart.
func TestWith(t *testing.T) {
	w := Workload{Name: "a model", Parameters: 5000, Statistics: 100, Forward: time.Millisecond, Backward: 2 * time.Millisecond}
	for _, n := range []int{2, 6, 16} {
		as := simulate(t, Networks[1], w, Variant{}, n, 1)
		small := simulate(t, Networks[1], Workload{}, Variant{Round: true}, n, 1)
		got, want := as.With(small), simulate(t, Networks[1], w, Variant{Round: true}, n, 2)
		if d := got.Step - want.Step; d < -want.Step/1000 || d > want.Step/1000 {
			t.Errorf("%d nodes: %+v, simulated as a whole %+v", n, got, want)
		}
	}
}

// TestPage wants tables of one line for each number of nodes, and a plot that
// is XML with a line for each workload and variant.
func TestPage(t *testing.T) {
	w := Workload{Name: "a model", Rows: 10, Parameters: 64, Layers: []Layer{{64, 1}}, Forward: time.Millisecond}
	var tables []Table
	for _, net := range Networks {
		rows := Table{Network: net, Workload: w}
		for n := 2; n <= 16; n *= 2 {
			rows.Rows = append(rows.Rows, row(t, net, w, round(t, net, n)))
		}
		tables = append(tables, rows)
	}
	var page, plot bytes.Buffer
	WriteOverlaps(&page, []Overlaps{pairs(t, Networks[0], w, 8)})
	WriteTables(&page, tables)
	for _, want := range []string{"### a model on WAN", "| 16 |", "(4) |", "64 parameters,", "| 8 nodes |"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q in\n%s", want, page.String())
		}
	}
	if err := WritePlot(&plot, tables); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for d := xml.NewDecoder(&plot); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "path" {
			lines++
		}
	}
	if lines != 6 {
		t.Errorf("%d lines, want 6", lines)
	}
}
