package dataset

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// numbered returns a set of n rows whose features, label and number tell them
// apart.
func numbered(n, dim int) *Set {
	s := &Set{classes: 3, dim: dim, dense: dim, ids: ascending(1000, n), labels: modulo(n, 3), values: make([]float32, n*dim)}
	for i := range s.values {
		s.values[i] = float32(i)
	}
	return s
}

// next returns the next batch of l.
func next(t rapid.TB, l *Loader) *Batch {
	b, err := l.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whatever the number of shards and whoever hosts them, the batches put
// together are those of the plan, read directly; from any step on.
func TestLoaderReadsThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		set := numbered(p.Rows, 2)
		shards := rapid.IntRange(1, 9).Draw(t, "shards")
		cut := rapid.IntRange(0, shards).Draw(t, "shards of the first node")
		from := rapid.IntRange(0, p.TotalSteps()).Draw(t, "from")
		first := NewLoader(set, p, shards, 0, cut, from)
		defer first.Close()
		second := NewLoader(set, p, shards, cut, shards, from)
		defer second.Close()

		order := make([]int32, p.Rows)
		for step := from; step < p.TotalSteps(); step++ {
			epoch, lo, rows := p.At(step)
			p.Order(order, epoch)
			want := order[lo : lo+rows]
			a, b := next(t, first), next(t, second)
			if a.Step != step || a.Epoch != epoch || a.Rows != rows || b.Step != step {
				t.Fatalf("step %d, epoch %d, %d rows; want %d, %d, %d", a.Step, a.Epoch, a.Rows, step, epoch, rows)
			}
			at := 0
			for _, part := range slices.Concat(a.Parts, b.Parts) {
				if part.First != at {
					t.Fatalf("a shard begins at %d, want %d", part.First, at)
				}
				checkPart(t, set, part, want[at:at+len(part.IDs)])
				at += len(part.IDs)
			}
			if at != rows {
				t.Fatalf("the shards hold %d of %d rows", at, rows)
			}
		}
		for _, l := range []*Loader{first, second} {
			for range 2 {
				if _, err := l.Next(context.Background()); err != io.EOF {
					t.Fatalf("behind the last step: %v", err)
				}
			}
		}
	})
}

// checkPart compares a shard with direct reads of its samples.
func checkPart(t rapid.TB, set *Set, part Part, samples []int32) {
	if len(part.Y) != len(samples) || len(part.X) != len(samples)*set.dim {
		t.Fatalf("%d labels, %d features for %d samples", len(part.Y), len(part.X), len(samples))
	}
	x := make([]float32, set.dim)
	for j, i := range samples {
		set.Read(x, int(i))
		if int(part.IDs[j]) != set.ID(int(i)) || part.Y[j] != set.Label(int(i)) || !slices.Equal(part.X[j*set.dim:(j+1)*set.dim], x) {
			t.Fatalf("sample %d: id %d, label %d, features %v", i, part.IDs[j], part.Y[j], part.X[j*set.dim:(j+1)*set.dim])
		}
	}
}

// A batch in hand stays as it is while others are read ahead.
func TestLoaderBatchIsValidUntilNext(t *testing.T) {
	p := Plan{Rows: 64, Batch: 4, Epochs: 3, Seed: 1}
	l := NewLoader(numbered(64, 2), p, 2, 0, 2, 0)
	defer l.Close()
	for range p.TotalSteps() {
		b := next(t, l)
		before := slices.Clone(b.Parts[1].X)
		for len(l.ready) < min(ahead-1, p.TotalSteps()-b.Step-1) {
			runtime.Gosched() // until the reader has nowhere to write but here
		}
		if !slices.Equal(before, b.Parts[1].X) {
			t.Fatal("the batch in hand changed")
		}
	}
}

func TestLoaderClose(t *testing.T) {
	p := Plan{Rows: 64, Batch: 4, Epochs: 3}
	l := NewLoader(numbered(64, 2), p, 2, 0, 2, 0)
	next(t, l)
	l.Close()
	l.Close()
	if _, err := l.Next(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("after Close: %v", err)
	}
	NewLoader(numbered(64, 2), p, 2, 0, 2, 0).Close() // before the first batch
	l = NewLoader(numbered(64, 2), p, 2, 0, 2, p.TotalSteps())
	l.Close() // after the last
}

func TestLoaderContext(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	// Nothing is ready when no batch is free, so that only the context can end
	// the wait.
	l := &Loader{free: make(chan *Batch), ready: make(chan *Batch), quit: make(chan struct{})}
	if _, err := l.Next(ctx); !errors.Is(err, why) {
		t.Errorf("error %v, want the cause", err)
	}
}

func TestLoaderPanics(t *testing.T) {
	set := numbered(10, 1)
	good := Plan{Rows: 10, Batch: 5, Epochs: 1}
	for name, f := range map[string]func(){
		"plan":   func() { NewLoader(set, Plan{Rows: 10, Batch: 11, Epochs: 1}, 2, 0, 2, 0) },
		"set":    func() { NewLoader(set, Plan{Rows: 9, Batch: 5, Epochs: 1}, 2, 0, 2, 0) },
		"shards": func() { NewLoader(set, good, 2, 0, 3, 0) },
		"from":   func() { NewLoader(set, good, 2, 0, 2, -1) },
		"read":   func() { set.Read(make([]float32, 2), 0) },
		"order":  func() { good.Order(make([]int32, 9), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// A steady loader allocates nothing.
func TestLoaderAllocations(t *testing.T) {
	p := Plan{Rows: 1000, Batch: 10, Epochs: 100, Seed: 1}
	l := NewLoader(numbered(1000, 8), p, 8, 0, 8, 0)
	defer l.Close()
	ctx := t.Context()
	if n := testing.AllocsPerRun(500, func() { l.Next(ctx) }); n > 0 {
		t.Errorf("%g allocations a step", n)
	}
}
