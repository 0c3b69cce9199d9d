package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
)

func adjusted(t testing.TB, tau float64, counts ...float64) *LogitAdjusted {
	t.Helper()
	l, err := NewLogitAdjusted(tau, counts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lossRows returns rows of logits of 4 classes with labels.
func lossRows(rows int) ([]float32, []int32) {
	r := rand.New(rand.NewPCG(3, 4))
	z := normals(r, 4*rows)
	labels := make([]int32, rows)
	for i := range labels {
		labels[i] = int32(r.IntN(4))
	}
	return z, labels
}

func losses(l Loss, z []float32, labels []int32) []float32 {
	dst := make([]float32, len(labels))
	l.Losses(dst, z, labels)
	return dst
}

// TestLossValues: closed forms.
func TestLossValues(t *testing.T) {
	for _, c := range []struct {
		name  string
		loss  Loss
		z     []float32
		label int32
		want  float64
	}{
		{"equal logits", CrossEntropy{}, []float32{3, 3, 3, 3}, 1, math.Log(4)},
		{"two classes", CrossEntropy{}, []float32{1, 0}, 0, math.Log1p(math.Exp(-1))},
		{"small loss keeps its digits", CrossEntropy{}, []float32{60, 0}, 0, math.Exp(-60)},
		{"right and far ahead", CrossEntropy{}, []float32{1e4, -1e4, 0}, 0, 0},
		{"wrong and far behind", CrossEntropy{}, []float32{1e4, -1e4, 0}, 1, 2e4},
		// log(1 + 9e^0): the prior asks the rare class for a margin of log 9.
		{"adjusted", adjusted(t, 1, 90, 10), []float32{0, 0}, 1, math.Log(10)},
		{"adjusted, half", adjusted(t, 0.5, 90, 10), []float32{0, 0}, 1, math.Log(4)},
		{"adjusted, extreme", adjusted(t, 1, 90, 10), []float32{1e4, -1e4}, 1, 2e4 + math.Log(9)},
	} {
		got := float64(losses(c.loss, c.z, []int32{c.label})[0])
		if math.Abs(got-c.want) > 1e-7*c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestLossGradient compares with differences in float64 of the float32 losses:
// step 1e-2 leaves 6e-8/1e-2 of rounding and 1e-4/6 of truncation.
func TestLossGradient(t *testing.T) {
	z, labels := lossRows(6)
	w := []float32{1, 0.5, 0, 2, 1, 3}
	for name, l := range everyLoss(t) {
		dz := make([]float32, len(z))
		l.Gradient(dz, z, labels, w)
		f := func(p []float64) float64 {
			moved := make([]float32, len(p))
			for i, v := range p {
				moved[i] = float32(v)
			}
			return inner(w, losses(l, moved, labels))
		}
		at := make([]float64, len(z))
		for i, v := range z {
			at[i] = float64(v)
		}
		compare(t, name, dz, fd.Gradient(nil, f, at, &fd.Settings{Formula: fd.Central, Step: 1. / 128}), 2e-4)
	}
}

// TestLossLaws: gradients of a row sum to 0, the tangent is the inner product
// with the gradient.
func TestLossLaws(t *testing.T) {
	z, labels := lossRows(50)
	for i := range z {
		z[i] *= 20
	}
	zdot := normals(rand.New(rand.NewPCG(5, 6)), len(z))
	ones := make([]float32, len(labels))
	for i := range ones {
		ones[i] = 1
	}
	for name, l := range everyLoss(t) {
		dz, tangents := make([]float32, len(z)), make([]float32, len(labels))
		l.Gradient(dz, z, labels, ones)
		l.Tangent(tangents, z, zdot, labels)
		for i := range labels {
			row, dot := dz[4*i:4*i+4], zdot[4*i:4*i+4]
			// Four numbers, each rounded once.
			if s := inner(row, []float32{1, 1, 1, 1}); math.Abs(s) > 4*0x1p-25*(1+norm2(row)) {
				t.Errorf("%s: gradient of row %d sums to %v", name, i, s)
			}
			if got, want := float64(tangents[i]), inner(row, dot); !near(got, want, 1e-6) {
				t.Errorf("%s: tangent of row %d is %v, want %v", name, i, got, want)
			}
		}
	}
}

// TestAdjustedUniform: equal counts and tau 0 are cross entropy, bit for bit.
func TestAdjustedUniform(t *testing.T) {
	z, labels := lossRows(20)
	want := losses(CrossEntropy{}, z, labels)
	for name, l := range map[string]Loss{
		"equal counts": adjusted(t, 1.3, 7, 7, 7, 7),
		"tau 0":        adjusted(t, 0, 1000, 100, 10, 1),
	} {
		if !sameBits(want, losses(l, z, labels)) {
			t.Errorf("%s: not cross entropy", name)
		}
	}
}

// TestAdjustedScale: only the ratios of the counts matter.
func TestAdjustedScale(t *testing.T) {
	z, labels := lossRows(20)
	a := losses(adjusted(t, 1, 40, 20, 10, 1), z, labels)
	b := losses(adjusted(t, 1, 4000, 2000, 1000, 100), z, labels)
	for i := range a {
		if !near(float64(a[i]), float64(b[i]), 1e-7) {
			t.Errorf("row %d: %v and %v", i, a[i], b[i])
		}
	}
}

func TestLossNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, z := range [][]float32{{nan, 0, 0}, {0, nan, 0}, {0, 0, nan}, {nan, nan, nan}, {inf, 0, 0}, {-inf, -inf, -inf}, {inf, inf, 0}} {
		for name, l := range everyLoss(t) {
			z := append(z, z[2])
			if got := losses(l, z, []int32{0})[0]; finite(float64(got)) {
				t.Errorf("%s: loss of %v is %v", name, z, got)
			}
			dz, dot := make([]float32, 4), make([]float32, 1)
			l.Gradient(dz, z, []int32{0}, []float32{1})
			l.Tangent(dot, z, []float32{1, 1, 1, 1}, []int32{0})
			if finite(float64(dz[0])) || finite(float64(dot[0])) {
				t.Errorf("%s: gradient %v and tangent %v of %v", name, dz, dot, z)
			}
		}
	}
	// A weight that is NaN must show too.
	dz := make([]float32, 2)
	CrossEntropy{}.Gradient(dz, []float32{1, 2}, []int32{0}, []float32{nan})
	if !isNaN(dz[0]) || !isNaN(dz[1]) {
		t.Errorf("gradient of weight NaN is %v", dz)
	}
}

func TestAdjustedErrors(t *testing.T) {
	for name, c := range map[string]struct {
		tau    float64
		counts []float64
	}{
		"zero count":     {1, []float64{5, 0, 3}},
		"negative count": {1, []float64{5, -1}},
		"no classes":     {1, nil},
		"NaN count":      {1, []float64{1, math.NaN()}},
		"infinite count": {1, []float64{1, math.Inf(1)}},
		"tau NaN":        {math.NaN(), []float64{1, 2}},
		"tau infinite":   {math.Inf(1), []float64{1, 2}},
	} {
		if _, err := NewLogitAdjusted(c.tau, c.counts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestGradientSettles: the gradient of a sample that is learnt for good is 0
// and not nearly so, but NaN stays.
func TestGradientSettles(t *testing.T) {
	dz := make([]float32, 3)
	CrossEntropy{}.Gradient(dz, []float32{80, 0, -60}, []int32{0}, []float32{1})
	if !sameBits(dz, []float32{0, 0, 0}) {
		t.Errorf("gradient %v of a loss of e⁻⁸⁰", dz)
	}
	CrossEntropy{}.Gradient(dz, []float32{20, 0, -20}, []int32{0}, []float32{1})
	if dz[0] == 0 || dz[1] == 0 || dz[2] == 0 {
		t.Errorf("gradient %v of a loss of e⁻²⁰", dz)
	}
	CrossEntropy{}.Gradient(dz, []float32{80, 0, -60}, []int32{0}, []float32{float32(math.NaN())})
	if !isNaN(dz[0]) || !isNaN(dz[1]) {
		t.Errorf("gradient %v with a weight that is NaN", dz)
	}
}
