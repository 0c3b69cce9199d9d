package optimizer

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustWeigher[W Weighter](w W, err error) func(t testing.TB) W {
	return func(t testing.TB) W {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
}

// weigh1 returns the weights of one batch, in one shard and in uneven ones,
// which must be the same.
func weigh1(t testing.TB, w Weighter, losses []float32) []float32 {
	t.Helper()
	one, _ := step(t, w, At{}, cut(losses, nil, []int{len(losses)}))
	n := len(losses) / 3
	many, _ := step(t, w, At{}, cut(losses, nil, []int{n, 0, len(losses) - n}))
	for i := range one {
		if math.Abs(float64(one[i]-many[i])) > 1e-6*float64(one[i])+1e-30 {
			t.Fatalf("w[%d] is %v in one shard, %v in three", i, one[i], many[i])
		}
	}
	return one
}

// sizeOf returns the effective sample size over the number.
func sizeOf(w []float32) float64 {
	var s, q float64
	for _, v := range w {
		s += float64(v)
		q += float64(v) * float64(v)
	}
	return s * s / q / float64(len(w))
}

func meanLoss(w, losses []float32) (sum float64) {
	for i, v := range w {
		sum += float64(v) * float64(losses[i])
	}
	return sum
}

// TestRobustIsERM: the ends of the ranges, bit for bit.
func TestRobustIsERM(t *testing.T) {
	losses := drawLosses(3, 49)
	want := weigh1(t, &ERM{}, losses)
	for name, w := range map[string]Weighter{
		"cvar 1":           mustWeigher(NewCVaR(1, 0))(t),
		"cvar not yet":     mustWeigher(NewCVaR(0.2, 0.5))(t),
		"chi2 0":           mustWeigher(NewChiSquareDRO(0, 0))(t),
		"chi2 not yet":     mustWeigher(NewChiSquareDRO(1, 0.5))(t),
		"rgd not yet":      mustWeigher(NewRGD(RGDConfig{Tau: 3, From: 1}))(t),
		"absgd of size 1":  mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1, Size: 1}),
		"absgd of size -1": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{-2, 0}}, Gamma: 1, Alpha: 1, Size: 1}),
	} {
		if diff := cmp.Diff(want, weigh1(t, w, losses)); diff != "" {
			t.Errorf("%s (-erm):\n%s", name, diff)
		}
	}
	equal := []float32{2, 2, 2, 2, 2, 2, 2}
	for name, w := range map[string]Weighter{
		"cvar": mustWeigher(NewCVaR(0.3, 0))(t), "chi2": mustWeigher(NewChiSquareDRO(2, 0))(t),
		"absgd sized": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 1, Alpha: 1, Size: 0.3}),
	} {
		for i, v := range weigh1(t, w, equal) {
			if math.Abs(float64(v)-1./7) > 1e-8 {
				t.Errorf("%s of equal losses: w[%d] = %v", name, i, v)
			}
		}
	}
}

func TestCVaR(t *testing.T) {
	losses := []float32{3, 1, 4, 1, 5, 9, 2, 6}
	for _, c := range []struct {
		alpha float64
		want  []float32
	}{
		{0.5, []float32{0, 0, .25, 0, .25, .25, 0, .25}},
		{0.3125, []float32{0, 0, 0, 0, .2, .4, 0, .4}}, // 2.5 of 8
		{0.01, []float32{0, 0, 0, 0, 0, 1, 0, 0}},
		{0.8125, []float32{2. / 13, .25 / 3.25 / 2, 2. / 13, .25 / 3.25 / 2, 2. / 13, 2. / 13, 2. / 13, 2. / 13}}, // the ones share half a place
	} {
		for i, got := range weigh1(t, mustWeigher(NewCVaR(c.alpha, 0))(t), losses) {
			if math.Abs(float64(got-c.want[i])) > 1e-7 {
				t.Errorf("alpha %v: w[%d] = %v, want %v", c.alpha, i, got, c.want[i])
			}
		}
	}
}

// TestCVaRDual: the weighted loss is min over η of η + mean(ℓ-η)₊/α, which is
// attained at one of the losses.
func TestCVaRDual(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		losses := rapid.SliceOfN(rapid.Float32Range(0, 20), 1, 30).Draw(r, "losses")
		alpha := rapid.Float64Range(0.01, 1).Draw(r, "alpha")
		w := weigh1(t, mustWeigher(NewCVaR(alpha, 0))(t), losses)
		if s := sum(w); math.Abs(s-1) > 1e-5 {
			r.Fatalf("Σw = %v", s)
		}
		dual := math.Inf(1)
		for _, eta := range losses {
			var excess float64
			for _, l := range losses {
				excess += max(0, float64(l)-float64(eta))
			}
			dual = min(dual, float64(eta)+excess/alpha/float64(len(losses)))
		}
		if got := meanLoss(w, losses); math.Abs(got-dual) > 1e-5*(1+dual) {
			r.Fatalf("weighted loss %v, dual %v", got, dual)
		}
	})
}

// TestChiSquare: the weights meet the radius, or are all on the largest losses;
// no others within it have a larger loss.
func TestChiSquare(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		losses := rapid.SliceOfN(rapid.Float32Range(0, 20), 2, 30).Draw(r, "losses")
		rho := rapid.Float64Range(0.01, 5).Draw(r, "rho")
		w := weigh1(t, mustWeigher(NewChiSquareDRO(rho, 0))(t), losses)
		if s := sum(w); math.Abs(s-1) > 1e-5 {
			r.Fatalf("Σw = %v", s)
		}
		size := 1 / (1 + 2*rho)
		ties := 0
		for _, l := range losses {
			if l == slices.Max(losses) {
				ties++
			}
		}
		want := max(size, float64(ties)/float64(len(losses)))
		if got := sizeOf(w); math.Abs(got-want) > 1e-4 {
			r.Fatalf("effective size %v, want %v", got, want)
		}
		other := make([]float32, len(losses))
		var total float32
		for i := range other {
			other[i] = rapid.Float32Range(0, 1).Draw(r, "other") + 1e-3
			total += other[i]
		}
		for i := range other {
			other[i] /= total
		}
		if sizeOf(other) >= size && meanLoss(other, losses) > meanLoss(w, losses)*(1+1e-4)+1e-4 {
			r.Fatalf("weights %v have the loss %v, the worst case %v", other, meanLoss(other, losses), meanLoss(w, losses))
		}
	})
}

// TestChiSquareClosedForm: where no weight is cut, w = (1+(ℓ-mean)/κ)/B with
// κ² = Var/2ρ.
func TestChiSquareClosedForm(t *testing.T) {
	losses := []float32{1, 2, 3, 6}
	const rho, mean, variance = 0.1, 3, 3.5
	kappa := math.Sqrt(variance / (2 * rho))
	for i, got := range weigh1(t, mustWeigher(NewChiSquareDRO(rho, 0))(t), losses) {
		if want := (1 + (float64(losses[i])-mean)/kappa) / 4; math.Abs(float64(got)-want) > 1e-7 {
			t.Errorf("w[%d] = %v, want %v", i, got, want)
		}
	}
}

// TestRGD: the published weights; normalised, they are ABSGD's on clipped
// losses with γ = α = 1 and λ = τ+1.
func TestRGD(t *testing.T) {
	losses := drawLosses(2, 30)
	const tau = 3.0
	clipped := make([]float32, len(losses))
	for i, l := range losses {
		clipped[i] = min(l, tau)
	}
	for divergence, of := range map[string]func(x float64) float64{
		"kl":         math.Exp,
		"chi2":       func(x float64) float64 { return 1 + x },
		"reverse-kl": func(x float64) float64 { return 1 / (1 - x) },
	} {
		for i, got := range weigh1(t, mustWeigher(NewRGD(RGDConfig{Divergence: divergence, Tau: tau}))(t), losses) {
			if want := of(float64(clipped[i])/(tau+1)) / 30; math.Abs(float64(got)-want) > 1e-7 {
				t.Errorf("%s: w[%d] = %v, want %v", divergence, i, got, want)
			}
		}
		normal := weigh1(t, mustWeigher(NewRGD(RGDConfig{Divergence: divergence, Tau: tau, Normalised: true}))(t), losses)
		if s := sum(normal); math.Abs(s-1) > 1e-6 {
			t.Errorf("%s, normalised: Σw = %v", divergence, s)
		}
	}
	got := weigh1(t, mustWeigher(NewRGD(RGDConfig{Tau: tau, Normalised: true}))(t), losses)
	want := weigh1(t, mustABSGD(t, ABSGDConfig{Lambda: Lambda{{tau + 1, 0}}, Gamma: 1, Alpha: 1}), clipped)
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1e-7 {
			t.Errorf("w[%d] = %v, ABSGD's %v", i, got[i], want[i])
		}
	}
	small := weigh1(t, mustWeigher(NewRGD(RGDConfig{Tau: 1e-9}))(t), losses)
	if diff := cmp.Diff(weigh1(t, &ERM{}, losses), small); diff != "" {
		t.Errorf("tau towards 0 (-erm):\n%s", diff)
	}
}

// TestSized: the effective sample size is what was asked for, by the weights
// of ABSGD at the λ that it reports; and it means the same for losses of any
// size.
func TestSized(t *testing.T) {
	sized := func(lambda, size float64) *ABSGD {
		return mustABSGD(t, ABSGDConfig{Lambda: Lambda{{lambda, 0}}, Gamma: 0.9, Alpha: 1, Size: size})
	}
	for _, losses := range [][]float32{drawLosses(1, 128), drawLosses(4, 37)} {
		for _, sign := range []float64{1, -1} {
			for _, size := range []float64{0.05, 0.25, 0.5, 0.9, 0.999} {
				w, o := step(t, sized(sign, size), At{}, cut(losses, nil, []int{len(losses)}))
				if got := sizeOf(w); math.Abs(got-size) > 1e-5 || o.Lambda*sign <= 0 {
					t.Errorf("size %v at λ %v, want %v", got, o.Lambda, size)
				}
				want := weigh1(t, mustABSGD(t, ABSGDConfig{Lambda: Lambda{{o.Lambda, 0}}, Gamma: 1, Alpha: 1}), losses)
				for i := range w {
					if math.Abs(float64(w[i]-want[i])) > 1e-6*float64(want[i])+1e-9 {
						t.Fatalf("size %v: w[%d] = %v, ABSGD's at λ %v %v", size, i, w[i], o.Lambda, want[i])
					}
				}
				large := make([]float32, len(losses))
				for i, l := range losses {
					large[i] = 1024 * l
				}
				scaled, p := step(t, sized(sign, size), At{}, cut(large, nil, []int{len(large)}))
				if diff := cmp.Diff(w, scaled); diff != "" || p.Lambda != 1024*o.Lambda {
					t.Errorf("losses times 1024: λ %v and %v\n%s", o.Lambda, p.Lambda, diff)
				}
			}
		}
	}
	// Three of four samples share the largest loss: fewer cannot be had.
	ties := []float32{5, 5, 1, 5}
	for i, want := range []float32{1. / 3, 1. / 3, 0, 1. / 3} {
		if got := weigh1(t, sized(1, 0.2), ties)[i]; math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("ties: w[%d] = %v, want %v", i, got, want)
		}
	}
}

// TestRobustExtremes: weights are finite and sum to at most 1 for losses of any
// size.
func TestRobustExtremes(t *testing.T) {
	for _, losses := range [][]float32{
		{0}, {0, 0}, {0, 1e-45}, {0, 3e38, 1e-45, 5}, {3e38, 3e38, 0}, {1, math.Nextafter32(1, 2), 1}, {1e4, 0, 88, 120, 1e-3},
	} {
		for name, w := range map[string]Weighter{
			"cvar": mustWeigher(NewCVaR(0.4, 0))(t), "chi2": mustWeigher(NewChiSquareDRO(0.7, 0))(t),
			"chi2 tiny":   mustWeigher(NewChiSquareDRO(1e-15, 0))(t),
			"chi2 huge":   mustWeigher(NewChiSquareDRO(1e6, 0))(t),
			"absgd sized": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{1, 0}}, Gamma: 1, Alpha: 1, Size: 0.4}),
			"absgd tiny":  mustABSGD(t, ABSGDConfig{Lambda: Lambda{{-1, 0}}, Gamma: 1, Alpha: 1, Size: 1e-12}),
			"absgd whole": mustABSGD(t, ABSGDConfig{Lambda: Lambda{{1, 0}}, Gamma: 1, Alpha: 1, Size: 1 - 1e-16}),
		} {
			got, _ := step(t, w, At{}, cut(losses, nil, []int{len(losses)}))
			for i, v := range got {
				if !(v >= 0 && v <= 1.0001) {
					t.Errorf("%s of %v: w[%d] = %v", name, losses, i, v)
				}
			}
			if s := sum(got); math.Abs(s-1) > 1e-5 {
				t.Errorf("%s of %v: Σw = %v", name, losses, s)
			}
		}
	}
}

func TestRobustRefuses(t *testing.T) {
	nan := math.NaN()
	_, alpha := NewCVaR(0, 0)
	_, from := NewCVaR(0.5, 2)
	_, rho := NewChiSquareDRO(nan, 0)
	_, rgd := NewRGD(RGDConfig{Divergence: "js", Tau: 0, From: -1})
	_, size := NewABSGD(ABSGDConfig{Lambda: Lambda{{1, 0}}, Gamma: 1, Alpha: 1, Size: 1.5})
	for name, err := range map[string]error{"alpha": alpha, "from": from, "rho": rho, "rgd": rgd, "size": size} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
