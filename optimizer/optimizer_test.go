package optimizer

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// underTest is every optimizer, in the forms that people use. A new one joins
// by adding a line.
var underTest = []struct {
	name  string
	cfg   Config
	slots []string
}{
	{"sgd", Config{Name: "sgd", LR: 0.1}, nil},
	{"sgd, momentum", Config{Name: "sgd", LR: 0.02, Momentum: 0.9}, []string{"velocity"}},
	{"sgd, all", Config{Name: "sgd", LR: 0.02, Momentum: 0.9, WeightDecay: 1e-5, Clip: 5, WarmupSteps: 50, Schedule: MultiStepDecay{[]float64{0.9}, 0.1}}, []string{"velocity"}},
	{"nesterov", Config{Name: "nesterov", LR: 0.02, Momentum: 0.9, Clip: 5}, []string{"velocity"}},
	{"adam", Config{Name: "adam", LR: 0.05, Schedule: CosineDecay{}}, []string{"mean", "square", "count"}},
	{"adamw", Config{Name: "adamw", LR: 0.05, WeightDecay: 1e-5, Clip: 1, Schedule: CosineDecay{}, WarmupSteps: 10}, []string{"mean", "square", "count"}},
}

// build returns the optimizer with the test's learning rate scaled.
func build(t testing.TB, cfg Config, n int) *Optimizer {
	t.Helper()
	o, err := New(cfg, n)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func parabola(grad, x []float32) {
	for i := range x {
		grad[i] = 2 * (x[i] - float32(i))
	}
}

// rosenbrock is (1-x)² + 10(y-x²)², whose minimum is at (1, 1) in a bent valley.
func rosenbrock(grad, p []float32) {
	x, y := p[0], p[1]
	grad[0] = -2*(1-x) - 40*x*(y-x*x)
	grad[1] = 20 * (y - x*x)
}

func TestMinima(t *testing.T) {
	tests := []struct {
		name     string
		grad     func(grad, x []float32)
		from     []float32
		to       []float32
		scale    float64 // of the learning rate
		steps    int
		distance float64
	}{
		{"parabola", parabola, []float32{-1, 3, 2.5, 0}, []float32{0, 1, 2, 3}, 1, 600, 2e-3},
		{"rosenbrock", rosenbrock, []float32{-1, 1.5}, []float32{1, 1}, 0.1, 20000, 2e-2},
	}
	for _, o := range underTest {
		for _, tt := range tests {
			t.Run(o.name+"/"+tt.name, func(t *testing.T) {
				cfg := o.cfg
				cfg.LR *= tt.scale
				opt := build(t, cfg, len(tt.from))
				x, g := slices.Clone(tt.from), make([]float32, len(tt.from))
				for k := range tt.steps {
					tt.grad(g, x)
					opt.Step(x, g, At{k, tt.steps})
				}
				for i := range x {
					if !(math.Abs(float64(x[i]-tt.to[i])) < tt.distance) {
						t.Errorf("ends at %v, want %v", x, tt.to)
						break
					}
				}
			})
		}
	}
}

// TestPyTorch follows three steps of two parameters by PyTorch's formulas (SGD,
// Adam and AdamW of its documentation), worked out in float64.
func TestPyTorch(t *testing.T) {
	grads := [][]float32{{1, -2}, {0.5, 3}, {-4, 0.25}}
	tests := []struct {
		cfg  Config
		want [][]float32
	}{
		{Config{Name: "sgd"},
			[][]float32{{0.9, -1.8}, {0.85, -2.1}, {1.25, -2.125}}},
		{Config{Name: "sgd", Momentum: 0.9, WeightDecay: 0.1},
			[][]float32{{0.89, -1.78}, {0.7321, -1.8642}, {0.982669, -1.946338}}},
		{Config{Name: "nesterov", Momentum: 0.9, WeightDecay: 0.1},
			[][]float32{{0.791, -1.582}, {0.591871, -1.943742}, {1.213528351, -2.024116702}}},
		{Config{Name: "adam", WeightDecay: 0.1},
			[][]float32{{0.900000001, -1.9}, {0.805771797, -1.917309926}, {0.844560198, -1.931732366}}},
		{Config{Name: "adamw", WeightDecay: 0.1},
			[][]float32{{0.890000001, -1.88}, {0.787882038, -1.885970182}, {0.822149423, -1.890633624}}},
	}
	for _, tt := range tests {
		tt.cfg.LR = 0.1
		opt := build(t, tt.cfg, 2)
		x := []float32{1, -2}
		for k, g := range grads {
			r := opt.Step(x, slices.Clone(g), At{k, 3})
			if diff := cmp.Diff(tt.want[k], x, cmpopts.EquateApprox(0, 4e-7)); diff != "" {
				t.Errorf("%+v, step %d (-want +got):\n%s", tt.cfg, k, diff)
			}
			if want := math.Hypot(float64(g[0]), float64(g[1])); math.Abs(r.GradNorm-want) > 1e-12 || r.LR != 0.1 || r.Skipped {
				t.Errorf("%s, step %d: report %+v, want a norm of %v and a rate of 0.1", tt.cfg.Name, k, r, want)
			}
		}
	}
}

// TestAdamFirstStep: with the corrections the first step is lr long, however
// small the gradient.
func TestAdamFirstStep(t *testing.T) {
	for _, g := range []float32{1e-3, 1, -1e4} {
		opt := build(t, Config{Name: "adam", LR: 0.25}, 1)
		x := []float32{0}
		opt.Step(x, []float32{g}, At{0, 1})
		if want := float32(math.Copysign(0.25, -float64(g))); math.Abs(float64(x[0]-want)) > 1e-5 {
			t.Errorf("gradient %v moves 0 to %v, want %v", g, x[0], want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		limit float64
		want  []float32
	}{{0, []float32{-3, -4}}, {10, []float32{-3, -4}}, {5, []float32{-3, -4}}, {1, []float32{-0.6, -0.8}}} {
		x := make([]float32, 2)
		r := build(t, Config{Name: "sgd", LR: 1, Clip: tt.limit}, 2).Step(x, []float32{3, 4}, At{0, 1})
		if diff := cmp.Diff(tt.want, x, cmpopts.EquateApprox(1e-6, 0)); diff != "" || r.GradNorm != 5 {
			t.Errorf("limit %v: norm %v, step (-want +got):\n%s", tt.limit, r.GradNorm, diff)
		}
	}
	// Inside a chain it measures for itself.
	u := []float32{6, 8}
	Chain(AddDecayedWeights(0), ClipByGlobalNorm(5)).Update(u, []float32{1, 1}, State{}, At{})
	if diff := cmp.Diff([]float32{3, 4}, u); diff != "" {
		t.Errorf("second in a chain:\n%s", diff)
	}
}

// TestNonFiniteGradient: such a step is reported, and leaves no trace.
func TestNonFiniteGradient(t *testing.T) {
	for _, tt := range underTest {
		opt, twin := build(t, tt.cfg, 3), build(t, tt.cfg, 3)
		x, y := []float32{1, 2, 3}, []float32{1, 2, 3}
		for k := range 4 {
			for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(-1))} {
				if r := opt.Step(x, []float32{1, bad, 1}, At{k, 4}); !r.Skipped || r.GradNorm-r.GradNorm == 0 {
					t.Fatalf("%s: report %+v of a gradient with %v", tt.name, r, bad)
				}
			}
			opt.Step(x, []float32{1, -1, float32(k)}, At{k, 4})
			twin.Step(y, []float32{1, -1, float32(k)}, At{k, 4})
		}
		if diff := cmp.Diff(y, x); diff != "" {
			t.Errorf("%s: a skipped step left a trace:\n%s", tt.name, diff)
		}
	}
}

// TestRestore: from a snapshot an equally built optimizer goes the same way, to
// the bit.
func TestRestore(t *testing.T) {
	const n, steps = 5, 12
	for _, tt := range underTest {
		a := build(t, tt.cfg, n)
		x, g := []float32{3, -1, 2, 0.5, 7}, make([]float32, n)
		for k := range steps / 2 {
			parabola(g, x)
			a.Step(x, g, At{k, steps})
		}
		snapshot, y := copySlots(a.State()), slices.Clone(x)
		b := build(t, tt.cfg, n)
		if err := b.Restore(snapshot); err != nil {
			t.Fatal(err)
		}
		for k := steps / 2; k < steps; k++ {
			parabola(g, x)
			a.Step(x, g, At{k, steps})
			parabola(g, y)
			b.Step(y, g, At{k, steps})
		}
		if diff := cmp.Diff(x, y); diff != "" {
			t.Errorf("%s: parameters (-through +restored):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(a.State(), b.State()); diff != "" {
			t.Errorf("%s: state (-through +restored):\n%s", tt.name, diff)
		}
	}
}

func copySlots(slots []Slot) []Slot {
	out := make([]Slot, len(slots))
	for i, s := range slots {
		out[i] = Slot{s.Name, slices.Clone(s.Data)}
	}
	return out
}

func TestStateShape(t *testing.T) {
	for _, tt := range underTest {
		var names []string
		for _, s := range build(t, tt.cfg, 7).State() {
			names = append(names, s.Name)
			if want := 7; s.Name != "count" && len(s.Data) != want {
				t.Errorf("%s: %s has %d numbers, want %d", tt.name, s.Name, len(s.Data), want)
			}
			if slices.ContainsFunc(s.Data, func(v float32) bool { return v != 0 }) {
				t.Errorf("%s: %s does not start at 0", tt.name, s.Name)
			}
		}
		if diff := cmp.Diff(tt.slots, names); diff != "" {
			t.Errorf("%s: slots (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	o := build(t, Config{Name: "sgd", LR: 1, Momentum: 0.9}, 2)
	for name, slots := range map[string][]Slot{
		"nothing":      nil,
		"too many":     {{"velocity", make([]float32, 2)}, {"velocity", make([]float32, 2)}},
		"another name": {{"mean", make([]float32, 2)}},
		"too short":    {{"velocity", make([]float32, 1)}},
	} {
		if err := o.Restore(slots); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// unnamed is a transform from elsewhere: it halves, and counts.
type unnamed struct{}

func (unnamed) Init(int) State { return State{make([]float32, 1)} }
func (unnamed) Update(u, _ []float32, s State, _ At) {
	s[0][0]++
	for i := range u {
		u[i] *= 0.5
	}
}

// TestChain: links apply in order, each with its own state, and chains nest.
func TestChain(t *testing.T) {
	o := Build(1, Chain(unnamed{}, Momentum(0.5)), Nesterov(0.5), unnamed{})
	x := []float32{0}
	r := o.Step(x, []float32{8}, At{})
	// 8 -> 4 -> 4 -> 4+0.5*4 = 6 -> 3; nothing turns it into a descent.
	if x[0] != 3 || r.LR != 1 {
		t.Errorf("step to %v with rate %v, want 3 and 1", x[0], r.LR)
	}
	want := []Slot{
		{"optimizer.unnamed/0", []float32{1}}, {"velocity", []float32{4}},
		{"velocity2", []float32{4}}, {"optimizer.unnamed/02", []float32{1}},
	}
	if diff := cmp.Diff(want, o.State()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

// TestBlocks: a step in blocks has the bits of the links' own Updates, one
// after the other over whole vectors, also round a link that needs all of u.
func TestBlocks(t *testing.T) {
	const n = 2*block + 77
	chains := map[string][]Transform{
		"sgd":   {AddDecayedWeights(0.01), Momentum(0.9), ScaleBySchedule(0.1, Constant{})},
		"adamw": {ScaleByAdam(0.9, 0.99, 1e-8), AddDecoupledDecay(0.01), ScaleBySchedule(0.1, CosineDecay{})},
		"mixed": {Nesterov(0.9), ClipByGlobalNorm(3), unnamed{}, Chain(ScaleByAdam(0.9, 0.99, 1e-8), Momentum(0.5)), ScaleBySchedule(0.1, Constant{})},
		"bare":  {Momentum(0.5)},
	}
	for name, links := range chains {
		o, s := Build(n, links...), make([]State, len(links))
		x, g := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(i%13) - 6
		}
		y, u := slices.Clone(x), make([]float32, n)
		for k := range 3 {
			for i := range g {
				g[i] = float32((i*7+k)%11)/4 - 1
			}
			copy(u, g)
			at := At{k, 3}
			o.Step(x, g, at)
			factor := float32(1)
			for i, l := range links {
				if s[i] == nil {
					s[i] = l.Init(n)
				}
				if r, ok := l.(rate); ok {
					factor = float32(-r.at(at))
				} else {
					l.Update(u, y, s[i], at)
				}
			}
			kernel.AddScaled(y, factor, u)
		}
		if diff := cmp.Diff(y, x); diff != "" {
			t.Errorf("%s: parameters (-links +step):\n%s", name, diff)
		}
	}
}

// TestDecays: the coupled decay passes through the momentum, the decoupled one
// does not.
func TestDecays(t *testing.T) {
	x := []float32{10}
	Build(1, ScaleByAdam(0.9, 0.999, 1e-8), AddDecoupledDecay(0.1), ScaleBySchedule(0.5, Constant{})).Step(x, []float32{0}, At{0, 1})
	if x[0] != 9.5 {
		t.Errorf("decoupled decay moves 10 to %v, want 9.5", x[0])
	}
	o := Build(1, AddDecayedWeights(0.1), Momentum(0.5), ScaleBySchedule(1, Constant{}))
	x = []float32{10}
	o.Step(x, []float32{0}, At{0, 2})
	o.Step(x, []float32{0}, At{1, 2}) // velocity 0.5*1 + 0.9
	if math.Abs(float64(x[0])-7.6) > 1e-6 {
		t.Errorf("coupled decay moves 10 to %v, want 7.6", x[0])
	}
}

// TestSettles: without gradients the state ends at 0, and not at a subnormal
// number.
func TestSettles(t *testing.T) {
	for _, tt := range underTest {
		o := build(t, tt.cfg, 2)
		x := []float32{0, 0}
		o.Step(x, []float32{1e-3, -1e-3}, At{0, 1})
		x[0], x[1] = 0, 0
		for range 1500 {
			o.Step(x, []float32{0, 0}, At{0, 1})
			x[0], x[1] = 0, 0 // nor any decay
		}
		for _, s := range o.State() {
			if s.Name != "count" && s.Name != "square" && (s.Data[0] != 0 || s.Data[1] != 0) {
				t.Errorf("%s: %s = %v, want 0", tt.name, s.Name, s.Data)
			}
		}
	}
}

func TestReportRate(t *testing.T) {
	o := build(t, Config{Name: "sgd", LR: 0.2, WarmupSteps: 2, Schedule: MultiStepDecay{[]float64{0.5}, 0.1}}, 1)
	var got []float64
	for k := range 4 {
		got = append(got, o.Step([]float32{0}, []float32{0}, At{k, 4}).LR)
	}
	if diff := cmp.Diff([]float64{0.1, 0.2, 0.02, 0.02}, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	nan := math.NaN()
	for text, cfg := range map[string]Config{
		`name is "lamb"`:                  {Name: "lamb", LR: 1},
		"learning rate is 0":              {Name: "sgd"},
		"learning rate is -1":             {Name: "adam", LR: -1},
		"learning rate is NaN":            {Name: "adam", LR: nan},
		"momentum is 1":                   {Name: "sgd", LR: 1, Momentum: 1},
		"momentum of nesterov is 0":       {Name: "nesterov", LR: 1},
		"weight decay is -1":              {Name: "sgd", LR: 1, WeightDecay: -1},
		"clip is NaN":                     {Name: "sgd", LR: 1, Clip: nan},
		"warm-up is -1":                   {Name: "sgd", LR: 1, WarmupSteps: -1},
		"beta1 is 1":                      {Name: "adam", LR: 1, Beta1: 1},
		"beta2 is -1":                     {Name: "adam", LR: 1, Beta2: -1},
		"epsilon is 1e-60":                {Name: "adam", LR: 1, Epsilon: 1e-60},
		"learning rate is 0, want":        {Name: "sgd", Momentum: 3},
		"momentum is 3, want a number in": {Name: "sgd", Momentum: 3},
	} {
		if o, err := New(cfg, 1); o != nil || err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("New(%+v): %v, want an error with %q", cfg, err, text)
		}
	}
}
