package optimizer

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ballast-ml/ballast/internal/logsum"
)

// The batches and vectors of the specification, section 1.4: u starts at 0 and
// the short batch moves it at the full rate.
var (
	batches64 = [][]float64{{0.1, 0.7, 2.3, 4.0}, {0.05, 1.2, 0.9, 3.1}, {6.0, 0.2, 0.3}}
	batches   = [][]float32{{0.1, 0.7, 2.3, 4.0}, {0.05, 1.2, 0.9, 3.1}, {6.0, 0.2, 0.3}}
	vectors   = []struct {
		lambda, gamma, alpha float64
		logU, mass           []float64
		weights              map[int][]float32
	}{
		{1, 0.9, 1, []float64{2.723302138, 2.086239049, 4.808971664},
			[]float64{1.111111111, 0.901008972, 1.103811668},
			map[int][]float32{1: {0.032630, 0.103051, 0.076342, 0.688987}, 2: {1.096821, 0.003321, 0.003670}}},
		{1, 1, 1, nil, []float64{1, 1, 1},
			map[int][]float32{0: {0.016327, 0.029749, 0.147348, 0.806576}}},
		{5, 0.7, 0.5, []float64{-0.647680859, -0.471598858, -0.198625391},
			[]float64{2.857142857, 2.138386384, 2.204760301}, nil},
		{-5, 0.9, 1, []float64{-0.416594599, -0.255338037, -0.303012431}, nil,
			map[int][]float32{2: {0.135932, 0.433614, 0.425028}}},
		{-1, 0.7, 0.5, []float64{-2.017407990, -1.665988977, -1.431552591},
			[]float64{2.857142857, 2.253980996, 2.179128670}, nil},
	}
)

func mustABSGD(t testing.TB, cfg ABSGDConfig) *ABSGD {
	t.Helper()
	w, err := NewABSGD(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestAdvanceVectors checks the arithmetic alone, in float64 throughout, to all
// digits of the specification.
func TestAdvanceVectors(t *testing.T) {
	for _, v := range vectors {
		cfg := ABSGDConfig{Gamma: v.gamma, Alpha: v.alpha, FromZero: true}
		var avg average
		for k, losses := range batches64 {
			a := make([]float64, len(losses))
			for i, l := range losses {
				a[i] = l / v.lambda
			}
			total := logsum.Terms(a)
			avg = avg.advance(cfg, v.lambda, total)
			f := avg.factor(total, total)
			if v.logU != nil && math.Abs(avg.logU-v.logU[k]) > 6e-10 {
				t.Errorf("λ=%v, batch %d: log u = %.10f, want %.9f", v.lambda, k+1, avg.logU, v.logU[k])
			}
			if v.mass != nil && math.Abs(f*total[1]-v.mass[k]) > 6e-10 {
				t.Errorf("λ=%v, batch %d: Σw = %.10f, want %.9f", v.lambda, k+1, f*total[1], v.mass[k])
			}
			for i, want := range v.weights[k] {
				if math.Abs(f*a[i]-float64(want)) > 6e-7 {
					t.Errorf("λ=%v, batch %d: w[%d] = %.7f, want %.6f", v.lambda, k+1, i, f*a[i], want)
				}
			}
		}
	}
}

func TestABSGDVectors(t *testing.T) {
	for _, v := range vectors {
		for shards := 1; shards <= 5; shards++ {
			w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{v.lambda, 0}}, Gamma: v.gamma, Alpha: v.alpha, FromZero: true})
			for k, losses := range batches {
				got, o := step(t, w, At{k, 3}, cut(losses, nil, even(len(losses), shards)))
				if v.logU != nil && math.Abs(o.LogU-v.logU[k]) > 1e-7 { // the losses are float32
					t.Errorf("λ=%v, batch %d, %d shards: log u = %.9f, want %.9f", v.lambda, k+1, shards, o.LogU, v.logU[k])
				}
				if v.mass != nil && math.Abs(sum(got)-v.mass[k]) > 5e-7 {
					t.Errorf("λ=%v, batch %d, %d shards: Σw = %.9f, want %.9f", v.lambda, k+1, shards, sum(got), v.mass[k])
				}
				if want := v.weights[k]; want != nil {
					if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
						t.Errorf("λ=%v, batch %d, %d shards: weights (-want +got):\n%s", v.lambda, k+1, shards, diff)
					}
				}
			}
		}
	}
}

// TestABSGDFirst: log u starts at the first batch's own value, so that weights
// sum to 1/α from the start, and again after each change of λ.
func TestABSGDFirst(t *testing.T) {
	w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{math.Inf(1), 0}, {2, 0.25}, {1, 0.75}}, Gamma: 0.9, Alpha: 0.5})
	want := []float64{1, 2, -1, 2} // -1: history counts, and the sum is another
	for k, mass := range want {
		losses := batches[k%2]
		got, o := step(t, w, At{k, 4}, cut(losses, nil, []int{1, 3}))
		if mass > 0 && math.Abs(sum(got)-mass) > 1e-6 || mass < 0 && math.Abs(sum(got)-2) < 1e-3 {
			t.Errorf("step %d, λ=%v: Σw = %v, want %v", k, o.Lambda, sum(got), mass)
		}
	}
}

func TestABSGDPlainIsERM(t *testing.T) {
	losses := []float32{0.1, 0.7, 2.3, 4.0, 9}
	w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}, {math.Inf(1), 0.5}, {2, 0.9}}, Gamma: 0.9, Alpha: 0.5, Floor: true})
	a, b := cut(losses, nil, []int{2, 0, 3}), cut(losses, nil, []int{2, 0, 3})
	step(t, w, At{0, 10}, a)
	got, o := step(t, w, At{5, 10}, a)
	want, _ := step(t, &ERM{}, At{5, 10}, b)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("weights (-erm +absgd at inf):\n%s", diff)
	}
	if !math.IsInf(o.LogU, -1) || !math.IsInf(o.Lambda, 1) || o.Rows != 5 {
		t.Errorf("outcome %+v, want no u, no temperature, 5 rows", o)
	}
	if diff := cmp.Diff([]float64{0, 0, 0}, w.State()); diff != "" {
		t.Errorf("plain averaging keeps a u: %s", diff)
	}
}

// TestABSGDShortBatch: with the full size known, two half batches move u as far
// from its history as one full batch.
func TestABSGDShortBatch(t *testing.T) {
	full, half := []float32{1, 1, 1, 1}, []float32{1, 1}
	start := []float32{3, 3, 3, 3}
	run := func(batches ...[]float32) float64 {
		w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{1, 0}}, Gamma: 0.6, Alpha: 1, Batch: 4})
		var o Outcome
		for _, b := range batches {
			_, o = step(t, w, At{}, cut(b, nil, []int{len(b)}))
		}
		return o.LogU
	}
	if a, b := run(start, full), run(start, half, half); math.Abs(a-b) > 1e-14 {
		t.Errorf("log u after a full batch %v, after two halves %v", a, b)
	}
	literal := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{1, 0}}, Gamma: 0.6, Alpha: 1})
	step(t, literal, At{}, cut(start, nil, []int{4}))
	_, o := step(t, literal, At{}, cut(full, nil, []int{4}))
	if got := run(start, full); got != o.LogU {
		t.Errorf("log u of full batches %v, by the literal rule %v", got, o.LogU)
	}
	if want := math.Log(0.4*math.Exp(3) + 0.6*math.E); math.Abs(o.LogU-want) > 1e-14 {
		t.Errorf("log u = %v, want %v", o.LogU, want)
	}
}

// TestABSGDClassWeights: c multiplies the loss in the exponent and outside.
func TestABSGDClassWeights(t *testing.T) {
	losses, labels := []float32{0.5, 2, 1, 3}, []int32{0, 1, 1, 2}
	c := []float64{0.5, 1, 1.5}
	w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1, ClassWeights: c, ClassesFrom: 0.5})
	got, _ := step(t, w, At{0, 2}, cut(losses, labels, []int{1, 3}))
	want, _ := step(t, mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1}), At{0, 2}, cut(losses, nil, []int{1, 3}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("before their start class weights count:\n%s", diff)
	}
	got, _ = step(t, w, At{1, 2}, cut(losses, labels, []int{1, 3}))
	var norm float64
	for i, l := range losses {
		norm += math.Exp(c[labels[i]] * float64(l) / 2)
	}
	for i, l := range losses {
		ci := c[labels[i]]
		if want := ci * math.Exp(ci*float64(l)/2) / norm; math.Abs(float64(got[i])-want) > 1e-7 {
			t.Errorf("w[%d] = %v, want %v", i, got[i], want)
		}
	}
	plain := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{math.Inf(1), 0}}, Gamma: 1, Alpha: 1, ClassWeights: c})
	got, _ = step(t, plain, At{0, 2}, cut(losses, labels, []int{1, 3}))
	if diff := cmp.Diff([]float32{0.125, 0.25, 0.25, 0.375}, got); diff != "" {
		t.Errorf("plain averaging of weighted losses:\n%s", diff)
	}
}

func TestABSGDFloor(t *testing.T) {
	losses := []float32{0.1, 0.7, 2.3, 4.0, 1e4}
	cfg := ABSGDConfig{Lambda: Lambda{{-0.5, 0}}, Gamma: 0.9, Alpha: 0.7}
	sizes := []int{2, 2, 0, 1} // the last shard's own factor underflows to 0
	bare, o := step(t, mustABSGD(t, cfg), At{}, cut(losses, nil, sizes))
	if o.Factors[3] != 0 {
		t.Fatalf("factor of the far shard is %v; the test wants it to underflow", o.Factors[3])
	}
	cfg.Floor = true
	shards := cut(losses, nil, sizes)
	raised, _ := step(t, mustABSGD(t, cfg), At{}, shards)
	for i := range bare {
		if want := bare[i] + 0.2; math.Abs(float64(raised[i]-want)) > 2e-7 {
			t.Errorf("w[%d] = %v, want %v", i, raised[i], want)
		}
	}
	for _, s := range shards {
		for i, q := range s.Q {
			if !(q >= 0 && q <= 1) {
				t.Errorf("q[%d] = %v, want in [0, 1]", i, q)
			}
		}
	}
}

func TestABSGDExtremes(t *testing.T) {
	losses := []float32{0, 1e-3, 5, 88, 120, 1e4, 9.99e3, 0}
	for _, lambda := range []float64{0.01, -0.01, 0.5, -0.5, 1e-30, -1e-30, 1e30} {
		for _, zero := range []bool{false, true} {
			w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{lambda, 0}}, Gamma: 0.7, Alpha: 0.5, FromZero: zero})
			for k := range 4 {
				got, o := step(t, w, At{k, 4}, cut(losses, nil, []int{1, 2, 0, 3, 1, 1}))
				if o.LogU-o.LogU != 0 {
					t.Fatalf("λ=%v: log u = %v", lambda, o.LogU)
				}
				for i, v := range got {
					if !(v >= 0) || math.IsInf(float64(v), 0) {
						t.Fatalf("λ=%v: w[%d] = %v", lambda, i, v)
					}
				}
				if s := sum(got); !(s > 0 && s <= 1/(0.7*0.5)*(1+1e-6)) {
					t.Fatalf("λ=%v, step %d: Σw = %v", lambda, k, s)
				}
			}
		}
	}
}

// TestABSGDInvariants checks the laws of the specification on random batches.
func TestABSGDInvariants(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		losses := rapid.SliceOfN(rapid.Float32Range(0, 20), 1, 24).Draw(r, "losses")
		lambda := rapid.Float64Range(0.3, 8).Draw(r, "lambda") * rapid.SampledFrom([]float64{-1, 1}).Draw(r, "sign")
		gamma := rapid.Float64Range(0.05, 1).Draw(r, "gamma")
		alpha := rapid.Float64Range(0.2, 3).Draw(r, "alpha")
		shards := rapid.IntRange(1, 6).Draw(r, "shards")
		zero := rapid.Bool().Draw(r, "from zero")
		run := func(alpha float64, shards int) ([]float32, Outcome) {
			w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{lambda, 0}}, Gamma: gamma, Alpha: alpha, FromZero: zero})
			step(t, w, At{}, cut(batches[0], nil, []int{4}))
			return step(t, w, At{}, cut(losses, nil, even(len(losses), shards)))
		}
		w, o := run(alpha, shards)
		if s := sum(w); s > (1+1e-6)/(gamma*alpha) {
			r.Fatalf("Σw = %v above 1/(γα) = %v", s, 1/(gamma*alpha))
		}
		for i := range w {
			for j := range w {
				if losses[i] < losses[j] && (float64(w[i])-float64(w[j]))*lambda > 1e-6*math.Abs(lambda) {
					r.Fatalf("λ=%v: losses %v < %v have weights %v, %v", lambda, losses[i], losses[j], w[i], w[j])
				}
			}
		}
		whole, one := run(alpha, 1)
		if math.Abs(one.LogU-o.LogU) > 1e-12 {
			r.Fatalf("log u of %d shards %v, of one %v", shards, o.LogU, one.LogU)
		}
		unit, _ := run(1, shards)
		for i := range w {
			if math.Abs(float64(w[i]-whole[i])) > 1e-6*float64(whole[i])+1e-30 {
				r.Fatalf("w[%d] of %d shards %v, of one %v", i, shards, w[i], whole[i])
			}
			if math.Abs(float64(w[i])*alpha-float64(unit[i])) > 1e-6*float64(unit[i])+1e-30 {
				r.Fatalf("w[%d] at α=%v is %v, at 1 %v", i, alpha, w[i], unit[i])
			}
		}
	})
}

// TestABSGDLimits: γ = α = 1 is the softmax of ℓ/λ, which a shift of all losses
// leaves alone; a huge |λ| is plain averaging over α.
func TestABSGDLimits(t *testing.T) {
	soft := ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1}
	a, _ := step(t, mustABSGD(t, soft), At{}, cut([]float32{1, 2, 4}, nil, []int{3}))
	b, _ := step(t, mustABSGD(t, soft), At{}, cut([]float32{65, 66, 68}, nil, []int{3}))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the softmax moves with a shift (-0 +64):\n%s", diff)
	}
	for _, lambda := range []float64{1e12, -1e12} {
		w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{lambda, 0}}, Gamma: 0.5, Alpha: 0.8})
		got, _ := step(t, w, At{}, cut([]float32{1, 2, 4, 7}, nil, []int{2, 2}))
		if diff := cmp.Diff([]float32{0.3125, 0.3125, 0.3125, 0.3125}, got, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
			t.Errorf("λ=%v (-want +got):\n%s", lambda, diff)
		}
	}
}

// TestWeighChangesNothing: only Commit moves the state, and State and Restore
// carry it over.
func TestWeighChangesNothing(t *testing.T) {
	cfg := ABSGDConfig{Lambda: Lambda{{1, 0}, {-2, 0.5}}, Gamma: 0.6, Alpha: 1}
	a, b := mustABSGD(t, cfg), mustABSGD(t, cfg)
	for k := range 6 {
		at, losses := At{k, 6}, batches[k%3]
		before := a.State()
		for range 2 { // a step given up, and taken again
			if _, err := a.Weigh(t.Context(), at, cut(batches[(k+1)%3], nil, []int{len(batches[(k+1)%3])}), Solo{}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(before, a.State()); diff != "" {
			t.Fatalf("Weigh changed the state:\n%s", diff)
		}
		wa, _ := step(t, a, at, cut(losses, nil, []int{len(losses)}))
		wb, _ := step(t, b, at, cut(losses, nil, []int{len(losses)}))
		if diff := cmp.Diff(wb, wa); diff != "" {
			t.Fatalf("step %d:\n%s", k, diff)
		}
		fresh := mustABSGD(t, cfg)
		if err := fresh.Restore(a.State()); err != nil {
			t.Fatal(err)
		}
		a = fresh
	}
}

func TestABSGDRestoreRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, s := range [][]float64{nil, {1}, {1, 2, 3, 4}, {1, nan, 2}, {1, inf, 2}, {1, 2, inf}, {1, 2, 0}, {0, 0, 2}, {2, 0, 1}, {nan, 0, 0}} {
		w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{1, 0}}, Gamma: 1, Alpha: 1})
		if err := w.Restore(s); err == nil {
			t.Errorf("Restore(%v) accepted", s)
		}
		if s != nil {
			if err := (&ERM{}).Restore(s); err == nil {
				t.Errorf("ERM: Restore(%v) accepted", s)
			}
		}
	}
}

func TestNonFiniteLoss(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	balanced, err := NewClassBalanced([]float64{1, 2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]Weighter{
		"erm": &ERM{}, "cb": balanced,
		"absgd":        mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1}),
		"absgd < 0":    mustABSGD(t, ABSGDConfig{Lambda: Lambda{{-2, 0}}, Gamma: 1, Alpha: 1}),
		"absgd, sized": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1, Size: 0.5}),
		"cvar":         mustWeigher(NewCVaR(0.5, 0))(t),
		"cvar, plain":  mustWeigher(NewCVaR(0.5, 1))(t),
		"chi2":         mustWeigher(NewChiSquareDRO(0.5, 0))(t),
		"group dro":    mustGroups(t, GroupDROConfig{Counts: []int{1}, Eta: 1}),
		"rgd":          mustWeigher(NewRGD(RGDConfig{Tau: 2}))(t),
		"absgd, inf":   mustABSGD(t, ABSGDConfig{Lambda: Lambda{{math.Inf(1), 0}}, Gamma: 1, Alpha: 1}),
	} {
		for _, bad := range []float32{nan, inf, -inf} {
			losses := []float32{1, 2, 3, 4, bad, 5, nan}
			_, err := w.Weigh(t.Context(), At{}, cut(losses, make([]int32, 7), []int{2, 0, 3, 2}), Solo{})
			var got *NonFiniteError
			if !errors.As(err, &got) || got.Row != 4 || (got.Loss != bad && bad == bad) {
				t.Errorf("%s with a loss of %v: %v, want a NonFiniteError at position 4", name, bad, err)
			}
		}
	}
}

// broken is a reducer whose peer is gone.
type broken struct{ err error }

func (b broken) LogSumExp(context.Context, [][3]float64) ([3]float64, error) {
	return [3]float64{}, b.err
}
func (b broken) Gather(context.Context, [][]float64) ([][]float64, error) { return nil, b.err }

func TestReducerError(t *testing.T) {
	gone := errors.New("peer gone")
	for name, w := range map[string]Weighter{"erm": &ERM{}, "absgd": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1})} {
		if _, err := w.Weigh(t.Context(), At{}, cut([]float32{1}, nil, []int{1}), broken{gone}); !errors.Is(err, gone) {
			t.Errorf("%s: %v, want the reducer's error in it", name, err)
		}
	}
}

func TestNewABSGDListsAll(t *testing.T) {
	_, err := NewABSGD(ABSGDConfig{Gamma: 2, Alpha: -1, Batch: -3, ClassesFrom: 7})
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) != 5 {
		t.Errorf("got %v, want five errors", err)
	}
}
