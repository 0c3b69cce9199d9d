package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// smallRun is a configuration of 12 steps with every kind of state in it, and
// its data.
func smallRun(t testing.TB, edit func(*Config)) (Config, *dataset.Data) {
	t.Helper()
	cfg := Defaults()
	cfg.Data, cfg.Epochs, cfg.Batch, cfg.Warmup = "csv:"+writeTable(t, 211), 2, 37, 0.5
	cfg.Model, cfg.Lambda, cfg.Norm, cfg.ValFraction = "mlp:9", "inf@0,2@0.3", "batch", 0.1
	if edit != nil {
		edit(&cfg)
	}
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	return cfg, data
}

func testJob(t testing.TB, cfg Config, data *dataset.Data) *job {
	t.Helper()
	j, err := newJob(cfg, data)
	if err != nil {
		t.Fatal(err)
	}
	j.observe = Tee(Observer{}, Observer{})
	return j
}

// trainJobs trains one job a node, in process.
func trainJobs(ctx context.Context, jobs ...*job) ([]Summary, error) {
	mem := allreduce.NewMem()
	out := make([]Summary, len(jobs))
	errs := make([]error, len(jobs))
	top := allreduce.Topology{Run: "test", Generation: 1, Roster: 1, Shards: []int{0}}
	for r, j := range jobs {
		top.Names = append(top.Names, fmt.Sprintf("n%d", r))
		top.Shards = append(top.Shards, (r+1)*j.cfg.Shards/len(jobs))
	}
	var wg sync.WaitGroup
	for rank, j := range jobs {
		wg.Go(func() {
			top := top
			top.Rank = rank
			ring, err := allreduce.Form(ctx, mem, top)
			if err != nil {
				errs[rank] = err
				return
			}
			defer ring.Close()
			model, err := trainOn(ctx, j, ring, top.Shards[rank], top.Shards[rank+1])
			out[rank], errs[rank] = model.summary, err
		})
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// stoppedAt trains on some nodes up to a step, where the run is cancelled, and
// returns the jobs as they are then and a snapshot of that step.
func stoppedAt(t testing.TB, cfg Config, data *dataset.Data, nodes, step int) ([]*job, *snapshot) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var jobs []*job
	for range nodes {
		jobs = append(jobs, testJob(t, cfg, data))
	}
	s := newSnapshot(jobs[0])
	if step == 0 {
		return jobs, s
	}
	jobs[0].observe = Tee(jobs[0].observe, Observer{StepDone: func(v StepDone) {
		if v.Step == step {
			s.take(jobs[0])
			cancel()
		}
	}})
	if _, err := trainJobs(ctx, jobs...); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped at step %d: %v", step, err)
	}
	return jobs, s
}

// TestContinue is the law of snapshots: to stop at any step and go on from its
// bytes, at any number of nodes, is to not have stopped.
func TestContinue(t *testing.T) {
	for name, edit := range map[string]func(*Config){
		"absgd, adamw": nil,
		"absgd+la+cb, nesterov": func(c *Config) {
			c.Method, c.Optimizer, c.CBFrom, c.Dropout = "absgd+la+cb", "nesterov", 0.4, 0.2
		},
		"cb, sgd": func(c *Config) { c.Method, c.Optimizer, c.Norm = "cb", "sgd", "none" },
		"patience": func(c *Config) {
			c.Epochs, c.Patience, c.Monitor, c.LR, c.Method = 6, 2, "log_loss", 0.05, "absgd+la"
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, data := smallRun(t, edit)
			whole, err := trainJobs(t.Context(), testJob(t, cfg, data))
			if err != nil {
				t.Fatal(err)
			}
			want := whole[0]
			for _, c := range []struct{ step, before, after int }{
				{0, 1, 2}, {1, 2, 1}, {4, 3, 2}, {want.Steps / 2, 2, 3}, {want.Steps/2 + 1, 1, 8}, {want.Steps, 2, 1},
			} {
				jobs, s := stoppedAt(t, cfg, data, c.before, c.step)
				file, err := s.encode(identityOf(jobs[0]))
				if err != nil {
					t.Fatal(err)
				}
				var fresh []*job
				for range c.after {
					fresh = append(fresh, testJob(t, cfg, data))
				}
				for _, j := range append(fresh, jobs...) { // the interrupted ones fall back
					back, err := decodeSnapshot(file, j)
					if err == nil {
						err = back.restore(j)
					}
					if err != nil {
						t.Fatal(err)
					}
					if j.view().digest() != s.digest() {
						t.Fatalf("step %d: a state restored differs", c.step)
					}
				}
				for _, again := range [][]*job{fresh, jobs} {
					got, err := trainJobs(t.Context(), again...)
					if err != nil {
						t.Fatal(err)
					}
					if g := got[0]; g.ModelSHA256 != want.ModelSHA256 || g.SamplesSeen != want.SamplesSeen ||
						g.TrainLoss != want.TrainLoss || g.BestStep != want.BestStep || g.Steps != want.Steps || !reflect.DeepEqual(g.Test, want.Test) {
						t.Errorf("step %d, %d nodes, then %d: %+v\nwithout a stop: %+v", c.step, c.before, len(again), g, want)
					}
				}
			}
		})
	}
}

// TestSnapshotSameOnAllNodes: the digest and the bytes of a step do not depend
// on the number of nodes.
func TestSnapshotSameOnAllNodes(t *testing.T) {
	cfg, data := smallRun(t, nil)
	_, one := stoppedAt(t, cfg, data, 1, 5)
	jobs, three := stoppedAt(t, cfg, data, 3, 5)
	if one.digest() != three.digest() {
		t.Error("two digests of one step")
	}
	a, _ := one.encode(identityOf(jobs[0]))
	b, _ := three.encode(identityOf(jobs[0]))
	if !bytes.Equal(a, b) {
		t.Error("two encodings of one step")
	}
	back, err := decodeSnapshot(a, jobs[0])
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := back.encode(identityOf(jobs[0])); !bytes.Equal(a, c) {
		t.Error("decoding and encoding changes the bytes")
	}
}

// TestDigestSeesEverything changes each part of a state, a bit at a time.
func TestDigestSeesEverything(t *testing.T) {
	if n := reflect.TypeFor[state]().NumField(); n != 8 {
		t.Errorf("the state has %d fields: digest, metadata and parse know 7 and the verdict", n)
	}
	cfg, data := smallRun(t, nil)
	_, s := stoppedAt(t, cfg, data, 1, 8)
	seen := map[uint64]string{s.digest(): "nothing"}
	differs := func(what string) {
		t.Helper()
		if before, ok := seen[s.digest()]; ok {
			t.Errorf("a change of %s and of %s have one digest", what, before)
		}
		seen[s.digest()] = what
	}
	if len(s.running) == 0 || len(s.slots) == 0 || len(s.weigher) == 0 {
		t.Fatalf("the run has no state to change: %+v", s)
	}
	vectors := map[string][]float32{"param": s.params, "running": s.running}
	for _, slot := range s.slots {
		vectors[slot.Name] = slot.Data
	}
	for name, x := range vectors {
		for i := range x {
			before := x[i]
			for bit := range 32 {
				x[i] = math.Float32frombits(math.Float32bits(before) ^ 1<<bit)
				differs(fmt.Sprintf("%s[%d] bit %d", name, i, bit))
			}
			x[i] = before
		}
	}
	for i, x := range s.weigher {
		s.weigher[i] = math.Nextafter(x, 9)
		differs(fmt.Sprint("weigher ", i))
		s.weigher[i] = x
	}
	for i, change := range []func(d int){
		func(d int) { s.state.Step += d }, func(d int) { s.state.SamplesSeen += int64(d) },
		func(d int) { s.state.EpochRows += d }, func(d int) { s.state.epoch += d },
		func(d int) { s.state.EpochLoss += float64(d) },
		func(d int) { s.state.Rows += uint64(d) }, func(d int) { s.state.Ended = d > 0 },
		func(d int) { s.classRows = append(make([]int64, 0, 1), []int64{7}[:max(0, d)]...) },
	} {
		change(1)
		differs(fmt.Sprint("position ", i))
		change(-1)
	}
}

// TestRestoreWholeOrNotAtAll: what does not fit changes nothing.
func TestRestoreWholeOrNotAtAll(t *testing.T) {
	cfg, data := smallRun(t, nil)
	_, good := stoppedAt(t, cfg, data, 1, 8)
	j := testJob(t, cfg, data)
	start := j.view().digest()
	for name, spoil := range map[string]func(*snapshot){
		"parameters":  func(s *snapshot) { s.params = s.params[1:] },
		"running":     func(s *snapshot) { s.running = nil },
		"optimizer":   func(s *snapshot) { s.slots = s.slots[1:] },
		"vector 0":    func(s *snapshot) { s.slots[0].Name = "other" },
		"vector 1":    func(s *snapshot) { s.slots[1].Data = nil },
		"absgd":       func(s *snapshot) { s.weigher = []float64{1, math.NaN(), 2} },
		"3":           func(s *snapshot) { s.weigher = nil },
		"step 13":     func(s *snapshot) { s.state.Step = 13 },
		"step -1":     func(s *snapshot) { s.state.Step = -1 },
		"epoch 2":     func(s *snapshot) { s.state.epoch = 2 },
		"samples":     func(s *snapshot) { s.state.SamplesSeen = 1 << 40 },
		"rows of the": func(s *snapshot) { s.state.EpochRows = -1 },
	} {
		bad := newSnapshot(j)
		if err := good.restore(j); err != nil { // makes a copy of good
			t.Fatal(err)
		}
		bad.take(j)
		if err := newSnapshotOf(t, cfg, data).restore(j); err != nil {
			t.Fatal(err)
		}
		spoil(bad)
		if err := bad.restore(j); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if j.view().digest() != start {
			t.Fatalf("%s: the refused state has left something", name)
		}
	}
}

func newSnapshotOf(t testing.TB, cfg Config, data *dataset.Data) *snapshot {
	return newSnapshot(testJob(t, cfg, data))
}

// TestTakeAllocatesNoVector, only what the optimizer and the weigher take to
// name their parts, whatever the size of the model.
func TestTakeAllocatesNoVector(t *testing.T) {
	for _, arch := range []string{"mlp:4", "mlp:400"} {
		cfg, data := smallRun(t, func(c *Config) { c.Model = arch })
		j := testJob(t, cfg, data)
		s := newSnapshot(j)
		if n := testing.AllocsPerRun(20, func() { s.take(j) }); n > 3 {
			t.Errorf("%s: %v allocations", arch, n)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			s.take(j)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 100*1024 {
			t.Errorf("%s: %d bytes for 100 copies", arch, n)
		}
	}
}

// BenchmarkSnapshot is the cost of a state of 3 vectors of half a million each.
func BenchmarkSnapshot(b *testing.B) {
	cfg, data := smallRun(b, func(c *Config) { c.Model, c.Optimizer = "mlp:1000,500", "adam" })
	j := testJob(b, cfg, data)
	s, id := newSnapshot(j), identityOf(j)
	bytes := int64(4 * s.size())
	b.Run("take", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			s.take(j)
		}
	})
	b.Run("digest", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			s.digest()
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			if _, err := s.encode(id); err != nil {
				b.Fatal(err)
			}
		}
	})
	file, _ := s.encode(id)
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			if _, err := decodeSnapshot(file, j); err != nil {
				b.Fatal(err)
			}
		}
	})
}
