package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary a worker too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		if err := Worker(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func testCrew(t *testing.T) Crew {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Crew{Path: path, Args: []string{path, "worker"}}
}

// TestRing has three processes sum over every transport; they check the sums
// themselves.
func TestRing(t *testing.T) {
	for _, name := range Transports() {
		sizes := []int{8, 40_000}
		results, err := testCrew(t).Ring(t.Context(), 3, RingTask{Transport: name, Sizes: sizes, PerSize: 5 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, r := range results {
			got = append(got, r.Bytes)
			if r.Micros < r.Best || r.Best <= 0 || r.Calls < 5 || r.AlgBW*4/3-r.BusBW > 1e-9 || r.Nodes != 3 || r.Transport != name {
				t.Errorf("%+v", r)
			}
		}
		if !slices.Equal(got, sizes) {
			t.Errorf("sizes %v, want %v", got, sizes)
		}
	}
}

func TestStep(t *testing.T) {
	crew := testCrew(t)
	for _, c := range []struct {
		nodes int
		task  StepTask
		batch int
	}{
		{1, StepTask{Model: "mlp", Method: "erm"}, 128},
		{2, StepTask{Model: "mlp", Method: "absgd", Shards: 5, Rows: 20}, 40},
		{2, StepTask{Model: "lenet", Method: "absgd", Rows: 4, Glyphs: true}, 8},
		{1, StepTask{Model: "resnet20", Method: "absgd", Rows: 2}, 2},
	} {
		c.task.Transport, c.task.Duration = BestTransport, 5*time.Millisecond
		r, err := crew.Step(t.Context(), c.nodes, c.task)
		if err != nil {
			t.Fatal(err)
		}
		p := r.Phases
		phases := 1e3 * (p.Data + p.Forward + p.Normalizer + p.Backward + p.AllReduce + p.Optimizer)
		if r.Batch != c.batch || r.Steps < 5 || r.Samples <= 0 || r.Best < r.Samples || r.CPU <= 0 || phases <= 0 {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}

func TestAlone(t *testing.T) {
	r, err := Alone(t.Context(), StepTask{Model: "mlp", Method: "absgd", Steps: 5})
	if err != nil || r.Nodes != 1 || r.Steps != 5 || r.Phases.Backward <= 0 {
		t.Errorf("%+v, %v", r, err)
	}
	// As published, but for the padding of each tensor.
	for name, want := range map[string][2]int{"mlp": {235_146, 0}, "lenet": {61_706, 0}, "resnet20": {269_722, 2 * 688}} {
		p, stats, err := Size(name)
		if err != nil || p < want[0] || p > want[0]+100 || stats != want[1] {
			t.Errorf("%s has %d parameters and %d statistics, want about %v, %v", name, p, stats, want, err)
		}
	}
	if _, _, err := Size("vgg"); err == nil {
		t.Error("vgg has a size")
	}
}

// TestPair has two kinds of steps take turns, one of them in a whole run.
func TestPair(t *testing.T) {
	base := StepTask{Model: "mlp", Method: "absgd", Rows: 8, Transport: BestTransport, Glyphs: true}
	more := base
	more.Whole, more.Dir = true, t.TempDir()
	r, err := testCrew(t).Pair(t.Context(), 2, PairTask{Base: base, More: more, Block: 3, Pairs: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Costs{r.Base, r.More} {
		if len(c.Millis) != 4 || len(c.CPU) != 4 || len(c.Wait) != 4 || slices.Min(c.Millis) <= 0 || slices.Min(c.Wait) <= 0 {
			t.Errorf("%+v", c)
		}
	}
	if r.Batch != 16 {
		t.Errorf("a batch of %d", r.Batch)
	}
	more.Model = "vgg"
	if _, err := testCrew(t).Pair(t.Context(), 1, PairTask{Base: base, More: more, Block: 1, Pairs: 1}); err == nil || !strings.Contains(err.Error(), `"vgg" is not one of`) {
		t.Errorf("an unknown model: %v", err)
	}
}

// TestPairFails has the second kind fail where the first waits for its turn.
func TestPairFails(t *testing.T) {
	base := StepTask{Model: "mlp", Method: "absgd", Rows: 8, Transport: BestTransport}
	more := base
	more.Method = "nonsense"
	if _, err := testCrew(t).Pair(t.Context(), 1, PairTask{Base: base, More: more, Block: 1, Pairs: 9}); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("an unknown method: %v", err)
	}
}

func TestProbe(t *testing.T) {
	if rate, err := testCrew(t).Probe(t.Context(), 2, 5*time.Millisecond); err != nil || rate <= 0 {
		t.Errorf("%v GFLOP/s, %v", rate, err)
	}
}

// TestCrewFails names what went wrong in a worker, and does not wait for the
// others.
func TestCrewFails(t *testing.T) {
	crew := testCrew(t)
	if _, err := crew.Ring(t.Context(), 2, RingTask{Transport: "pigeon"}); err == nil || !strings.Contains(err.Error(), `"pigeon": want one of`) {
		t.Errorf("an unknown transport: %v", err)
	}
	if _, err := crew.Step(t.Context(), 1, StepTask{Model: "vgg"}); err == nil || !strings.Contains(err.Error(), `"vgg" is not one of`) {
		t.Errorf("an unknown model: %v", err)
	}
	crew.Args = append(crew.Args, "too many") // TestMain takes it for a test run
	crew.Args[1] = "-test.run=^$"
	if _, err := crew.Probe(t.Context(), 2, time.Millisecond); err == nil {
		t.Error("a worker that is none is taken for one")
	}
	if err := Worker(t.Context(), strings.NewReader("please\n"), new(strings.Builder)); err == nil {
		t.Error("a worker takes anything for a task")
	}
}
