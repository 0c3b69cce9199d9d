package optimizer

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestClassWeights has the values of the specification, section 7.2: CIFAR-10
// with an exponential tail of 100.
func TestClassWeights(t *testing.T) {
	got, err := ClassWeights([]int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50}, 0.9999)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{.0506, .0769, .1211, .1950, .3188, .5246, .8683, 1.4426, 2.4092, 3.9927}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 5e-5)); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
	for name, tt := range map[string]struct {
		beta float64
		want []float64
	}{
		"beta 0 knows no counts":       {0, []float64{1, 1, 1}},
		"beta near 1 is the inverse":   {1 - 1e-12, []float64{3. / 7, 6. / 7, 12. / 7}},
		"counts beyond 1/(1-beta) tie": {0.01, []float64{1, 1, 1}},
	} {
		got, err := ClassWeights([]int{40, 20, 10}, tt.beta)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestClassWeightsRefuse(t *testing.T) {
	for _, tt := range []struct {
		counts []int
		beta   float64
	}{{nil, 0.9}, {[]int{3, 0}, 0.9}, {[]int{3, -1}, 0.9}, {[]int{3}, 1}, {[]int{3}, -0.1}, {[]int{3}, math.NaN()}} {
		if _, err := ClassWeights(tt.counts, tt.beta); err == nil {
			t.Errorf("ClassWeights(%v, %v) accepted", tt.counts, tt.beta)
		}
	}
}

func TestClassBalanced(t *testing.T) {
	losses, labels := []float32{9, 1, 4, 2, 2}, []int32{0, 1, 1, 2, 0}
	w, err := NewClassBalanced([]float64{1, 2, 3}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, sizes := range [][]int{{5}, {2, 0, 3}, {1, 1, 1, 1, 1}} {
		got, o := step(t, w, At{4, 10}, cut(losses, labels, sizes))
		if diff := cmp.Diff([]float32{.2, .2, .2, .2, .2}, got); diff != "" {
			t.Errorf("%v shards, before the start:\n%s", sizes, diff)
		}
		got, _ = step(t, w, At{5, 10}, cut(losses, labels, sizes))
		if diff := cmp.Diff([]float32{1. / 9, 2. / 9, 2. / 9, 3. / 9, 1. / 9}, got, cmpopts.EquateApprox(1e-7, 0)); diff != "" {
			t.Errorf("%v shards, after the start:\n%s", sizes, diff)
		}
		if !math.IsInf(o.Lambda, 1) || !math.IsInf(o.LogU, -1) || o.Rows != 5 {
			t.Errorf("outcome %+v", o)
		}
	}
	uniform, err := NewClassBalanced([]float64{1, 1, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := step(t, uniform, At{}, cut(losses, labels, []int{2, 3}))
	want, _ := step(t, &ERM{}, At{}, cut(losses, labels, []int{2, 3}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("equal class weights are not erm:\n%s", diff)
	}
}

func TestNewClassBalancedRefuses(t *testing.T) {
	for _, tt := range []struct {
		weights []float64
		from    float64
	}{{nil, 0}, {[]float64{1, 0}, 0}, {[]float64{1, math.Inf(1)}, 0}, {[]float64{1, -1}, 0}, {[]float64{1}, 1.5}, {[]float64{1}, math.NaN()}} {
		if _, err := NewClassBalanced(tt.weights, tt.from); err == nil {
			t.Errorf("NewClassBalanced(%v, %v) accepted", tt.weights, tt.from)
		}
	}
}

func TestNewWeighter(t *testing.T) {
	good := WeighterConfig{
		Batch: 128, Lambda: "inf@0,2@0.6", Gamma: 0.9, Alpha: 1, UInit: "first",
		Balanced: true, Counts: []int{5, 3}, From: 0.8, Beta: 0.9999,
	}
	for _, name := range []string{"erm", "cb", "absgd"} {
		cfg := good
		cfg.Name = name
		w, err := NewWeighter(cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := w.Restore(w.State()); err != nil {
			t.Errorf("%s: its own state: %v", name, err)
		}
	}
	for name, spoil := range map[string]func(*WeighterConfig){
		"no name":       func(c *WeighterConfig) { c.Name = "" },
		"unknown":       func(c *WeighterConfig) { c.Name = "cvar" },
		"lambda":        func(c *WeighterConfig) { c.Lambda = "0" },
		"gamma":         func(c *WeighterConfig) { c.Gamma = 0 },
		"u-init":        func(c *WeighterConfig) { c.UInit = "last" },
		"empty class":   func(c *WeighterConfig) { c.Counts = []int{5, 0} },
		"cb beta":       func(c *WeighterConfig) { c.Name, c.Beta = "cb", 1 },
		"cb from":       func(c *WeighterConfig) { c.Name, c.From = "cb", -1 },
		"classes' from": func(c *WeighterConfig) { c.From = 2 },
	} {
		cfg := good
		cfg.Name = "absgd"
		spoil(&cfg)
		if w, err := NewWeighter(cfg); err == nil || w != nil {
			t.Errorf("%s: got %v, %v; want nil and an error", name, w, err)
		}
	}
}

func TestMisuse(t *testing.T) {
	balanced, err := NewClassBalanced([]float64{1, 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(){
		"Q too short": func() {
			_, _ = (&ERM{}).Weigh(t.Context(), At{}, []Shard{{Losses: []float32{1}}}, Solo{})
		},
		"no labels": func() {
			_, _ = balanced.Weigh(t.Context(), At{}, cut([]float32{1}, nil, []int{1}), Solo{})
		},
		"unknown class": func() {
			_, _ = balanced.Weigh(t.Context(), At{}, cut([]float32{1}, []int32{2}, []int{1}), Solo{})
		},
		"empty batch":       func() { _, _ = (&ERM{}).Weigh(t.Context(), At{}, cut(nil, nil, []int{0, 0}), Solo{}) },
		"step of no params": func() { Build(3).Step(nil, nil, At{}) },
		"negative clip":     func() { ClipByGlobalNorm(-1) },
		"momentum of 1":     func() { Momentum(1) },
		"adam":              func() { ScaleByAdam(1, 0.9, 1e-8) },
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
