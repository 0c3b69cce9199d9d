package train

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// everyMethod returns each word by itself, and with each value that a search
// would try.
func everyMethod() []string {
	var texts []string
	for _, w := range Words() {
		texts = append(texts, w.Name)
		if w.Role == RoleWeighter {
			texts = append(texts, w.Name+"+cb[from=0.5]")
		}
		for _, o := range w.Options {
			for _, v := range o.Try {
				texts = append(texts, w.Name+"["+o.Name+"="+v+"]")
			}
		}
	}
	return texts
}

// TestSameBitsEveryWord: whatever is registered trains the same model on one,
// two and three nodes, of rows that have weights of their own.
func TestSameBitsEveryWord(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Weight, cfg.Model = "csv:"+writeWeighted(t, 83), "0", "mlp:5"
	cfg.Epochs, cfg.Batch, cfg.Warmup = 3, 19, 0
	for _, text := range everyMethod() {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			cfg := cfg
			cfg.Method = text
			want := inProcess(t, cfg, 1)
			for _, nodes := range []int{2, 3} {
				if got := inProcess(t, cfg, nodes); got.ModelSHA256 != want.ModelSHA256 {
					t.Errorf("%d nodes: model %s, one node: %s", nodes, got.ModelSHA256, want.ModelSHA256)
				}
			}
		})
	}
}

// TestEveryWeighterResumes: a weighter that is restored goes on as if it had
// never stopped, and its state is what a checkpoint can hold.
func TestEveryWeighterResumes(t *testing.T) {
	for _, text := range everyMethod() {
		build := func() optimizer.Weighter {
			cfg := Defaults()
			cfg.Method = text
			cfg, err := cfg.Resolve(dataset.Table)
			if err != nil {
				t.Fatal(err)
			}
			m, _ := ParseMethod(cfg.Method)
			_, w, err := m.build(Ingredients{Config: cfg, Counts: []int{50, 20, 5}, Mass: []float64{50, 20, 5}})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		straight, stopping := build(), build()
		for k := range 10 {
			shard := func() []optimizer.Shard {
				s := optimizer.Shard{Q: make([]float32, 6), Labels: []int32{0, 1, 2, 0, 0, 1}}
				for i := range s.Q {
					s.Losses = append(s.Losses, float32((7*i+3*k)%11)/4)
				}
				return []optimizer.Shard{s}
			}
			a, b := shard(), shard()
			weigh := func(w optimizer.Weighter, s []optimizer.Shard) optimizer.Outcome {
				o, err := w.Weigh(t.Context(), optimizer.At{Step: k, Steps: 10}, s, optimizer.Solo{})
				if err != nil {
					t.Fatal(err)
				}
				w.Commit(o)
				return o
			}
			x, y := weigh(straight, a), weigh(stopping, b)
			if diff := cmp.Diff(a[0].Q, b[0].Q); diff != "" || x.Factors[0] != y.Factors[0] {
				t.Errorf("%s: step %d after a restore: factors %v and %v, %s", text, k, x.Factors, y.Factors, diff)
			}
			state := stopping.State()
			for _, v := range state {
				if v-v != 0 {
					t.Errorf("%s: the state %v is not finite", text, state)
				}
			}
			stopping = build()
			if err := stopping.Restore(state); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if err := build().Restore(append(state, 1, 2, 3, 4)); err == nil {
				t.Errorf("%s: a state of another method is taken", text)
			}
		}
	}
}

// TestDeferredLoss: the truncated loss counts from its start on, and not before.
func TestDeferredLoss(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model = "csv:"+writeTable(t, 83), "logistic"
	cfg.Epochs, cfg.Batch = 2, 19
	train := func(method string) string {
		cfg := cfg
		cfg.Method = method
		return inProcess(t, cfg, 1).ModelSHA256
	}
	never, late, at1 := train("gce"), train("gce[k=0.5,from=0.5]"), train("gce[k=0.5,from=1]")
	if never != at1 {
		t.Errorf("a loss that starts behind the last step counts")
	}
	if never == late {
		t.Errorf("a loss that starts in the middle does not count")
	}
}

// TestGroupDROByColumn: by the groups of a column, and by classes within them, the
// model is another one than by class, and the same on any number of nodes.
func TestGroupDROByColumn(t *testing.T) {
	seen := map[string]string{}
	for _, method := range []string{"groupdro[by=class,from=0]", "groupdro[from=0,eta=0.5]", "groupdro[by=both,from=0]+cb"} {
		cfg := groupedConfig(t)
		cfg.Method, cfg.ValFraction = method, 0.1
		one := inProcess(t, cfg, 1)
		if other, ok := seen[one.ModelSHA256]; ok {
			t.Errorf("%s trains the model of %s", method, other)
		}
		seen[one.ModelSHA256] = method
		for _, nodes := range []int{2, 3} {
			if s := inProcess(t, cfg, nodes); s.ModelSHA256 != one.ModelSHA256 {
				t.Errorf("%s: %d nodes: model %s, one node: %s", method, nodes, s.ModelSHA256, one.ModelSHA256)
			}
		}
	}
}

// TestGroupRows: a group without training rows has no number, so that it has no
// share of the weight; every row's is that of its group.
func TestGroupRows(t *testing.T) {
	cfg := groupedConfig(t)
	cfg.Split = "leave:site=oslo"
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	j := &job{cfg: cfg, data: data}
	for by, most := range map[string]int{ByGroup: 2, ByBoth: 5} { // a site has rows of two classes only
		g := j.groupRows(by)
		total := 0
		for _, n := range g.rows {
			total += n
		}
		if len(g.rows) != most || total != data.Train.Len() {
			t.Errorf("by %s: rows %v of %d", by, g.rows, data.Train.Len())
		}
		for i := range data.Train.Len() {
			k := g.of[data.Train.ID(i)]
			if by == ByGroup && []string{"bern", "rome"}[k] != data.GroupNames()[data.GroupOf(data.Train.ID(i))] {
				t.Fatalf("row %d is in group %d", i, k)
			}
		}
	}
	cfg.GroupBy, cfg.Method = "", "groupdro[by=both]"
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "--group-by is missing") {
		t.Errorf("without a column: %v", err)
	}
}
