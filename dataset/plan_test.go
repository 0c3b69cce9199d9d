package dataset

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawPlan(t *rapid.T) Plan {
	rows := rapid.IntRange(1, 200).Draw(t, "rows")
	return Plan{
		Rows:     rows,
		Batch:    rapid.IntRange(1, rows).Draw(t, "batch"),
		Epochs:   rapid.IntRange(1, 3).Draw(t, "epochs"),
		Steps:    rapid.SampledFrom([]int{0, 0, 1, 7}).Draw(t, "steps"),
		Seed:     rapid.Uint64().Draw(t, "seed"),
		DropLast: rapid.Bool().Draw(t, "drop last"),
	}
}

// The steps of an epoch use every sample once, or with DropLast none twice and
// less than a batch not at all.
func TestPlanEpochs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		p.Steps = 0
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		order := make([]int32, p.Rows)
		var used []int32
		for step := range p.TotalSteps() {
			epoch, first, rows := p.At(step)
			if epoch != step/p.StepsPerEpoch() || rows < 1 || rows > p.Batch || p.DropLast && rows != p.Batch {
				t.Fatalf("step %d: epoch %d, %d rows", step, epoch, rows)
			}
			p.Order(order, epoch)
			used = append(used, order[first:first+rows]...)
			if (step+1)%p.StepsPerEpoch() > 0 {
				continue
			}
			slices.Sort(used)
			if len(slices.Compact(slices.Clone(used))) != len(used) {
				t.Fatalf("epoch %d uses a sample twice", epoch)
			}
			if left := p.Rows - len(used); left != 0 && !(p.DropLast && left < p.Batch) {
				t.Fatalf("epoch %d leaves out %d samples", epoch, left)
			}
			used = used[:0]
		}
		if epoch, _, _ := p.At(p.TotalSteps() - 1); epoch != p.Epochs-1 {
			t.Fatalf("the last step is of epoch %d of %d", epoch, p.Epochs)
		}
	})
}

func TestPlanOrder(t *testing.T) {
	p := Plan{Rows: 100, Batch: 10, Epochs: 2, Seed: 1}
	a, b := make([]int32, 100), make([]int32, 100)
	p.Order(a, 0)
	p.Order(b, 1)
	if slices.Equal(a, b) {
		t.Error("two epochs have one order")
	}
	p.Seed = 2
	if p.Order(b, 0); slices.Equal(a, b) {
		t.Error("two seeds have one order")
	}
	p.Seed, p.Batch, p.Epochs = 1, 7, 9
	if p.Order(b, 0); !slices.Equal(a, b) {
		t.Error("the order depends on more than seed and epoch")
	}
}

func TestPlanSteps(t *testing.T) {
	for _, c := range []struct {
		plan Plan
		want int
	}{
		{Plan{Rows: 10, Batch: 3, Epochs: 2}, 8},
		{Plan{Rows: 10, Batch: 3, Epochs: 2, DropLast: true}, 6},
		{Plan{Rows: 10, Batch: 3, Epochs: 2, Steps: 5}, 5},
		{Plan{Rows: 10, Batch: 3, Epochs: 2, Steps: 50}, 8},
		{Plan{Rows: 10, Batch: 10, Epochs: 1, DropLast: true}, 1},
	} {
		if got := c.plan.TotalSteps(); got != c.want {
			t.Errorf("%+v: %d steps, want %d", c.plan, got, c.want)
		}
	}
}

func TestPlanCheck(t *testing.T) {
	good := Plan{Rows: 10, Batch: 3, Epochs: 2}
	for _, c := range []struct {
		change func(*Plan)
		want   []string
	}{
		{func(p *Plan) { p.Batch = 11 }, []string{"batch 11", "training set of 10 rows"}},
		{func(p *Plan) { p.Batch = 0 }, []string{"batch 0"}},
		{func(p *Plan) { p.Rows = 0 }, []string{"at least one training row"}},
		{func(p *Plan) { p.Epochs = 0 }, []string{"epochs 0"}},
		{func(p *Plan) { p.Steps = -1 }, []string{"steps -1"}},
	} {
		p := good
		c.change(&p)
		wantError(t, p.Check(), c.want...)
	}
}

// The shards of a batch follow each other, and are even.
func TestShardRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(0, 1000).Draw(t, "rows")
		shards := rapid.IntRange(1, 70).Draw(t, "shards")
		at := 0
		for s := range shards {
			lo, hi := ShardRange(rows, shards, s)
			if lo != at || hi-lo < rows/shards || hi-lo > (rows+shards-1)/shards {
				t.Fatalf("shard %d of %d: [%d, %d)", s, shards, lo, hi)
			}
			at = hi
		}
		if at != rows {
			t.Fatalf("the shards end at %d of %d", at, rows)
		}
	})
}

// In the order of the files, an epoch is the rows one after the other, and the
// next one again; draws are refused.
func TestPlanInOrder(t *testing.T) {
	p := Plan{Rows: 7, Batch: 3, Epochs: 2, Seed: 9, InOrder: true}
	order := make([]int32, p.Rows)
	for epoch := range p.Epochs {
		if p.Order(order, epoch); !slices.Equal(order, []int32{0, 1, 2, 3, 4, 5, 6}) {
			t.Errorf("epoch %d: %v", epoch, order)
		}
	}
	p.Resample = &Resample{}
	if err := p.Check(); err == nil {
		t.Error("draws in the order of the files are taken")
	}
}
