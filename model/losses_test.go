package model

import (
	"math"
	"testing"
)

func must[L Loss](t testing.TB) func(l L, err error) Loss {
	return func(l L, err error) Loss {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// everyLoss has each base loss, for 4 classes.
func everyLoss(t testing.TB) map[string]Loss {
	counts := []int{100, 30, 10, 1}
	return map[string]Loss{
		"ce":             CrossEntropy{},
		"la":             adjusted(t, 1.5, 100, 30, 10, 1),
		"focal":          must[Focal](t)(NewFocal(2)),
		"focal 0.5":      must[Focal](t)(NewFocal(0.5)),
		"gce":            must[GeneralizedCE](t)(NewGeneralizedCE(0.7, 0)),
		"sce":            must[SymmetricCE](t)(NewSymmetricCE(0.1, 1, 1e-4)),
		"ldam":           must[LDAM](t)(NewLDAM(0.5, 5, counts)),
		"smooth":         must[LabelSmoothing](t)(NewLabelSmoothing(0.1)),
		"bitempered":     must[BiTempered](t)(NewBiTempered(0.8, 1.4)),
		"bitempered 1.2": must[BiTempered](t)(NewBiTempered(1, 1.2)),
	}
}

// TestLossesAreCrossEntropy: what each loss is at the end of its range.
func TestLossesAreCrossEntropy(t *testing.T) {
	z, labels := lossRows(40)
	ones := make([]float32, len(labels))
	for i := range ones {
		ones[i] = 1
	}
	want, wantGrad := losses(CrossEntropy{}, z, labels), make([]float32, len(z))
	CrossEntropy{}.Gradient(wantGrad, z, labels, ones)
	for _, c := range []struct {
		name string
		loss Loss
		tol  float64 // 0: bit for bit
	}{
		{"focal 0", must[Focal](t)(NewFocal(0)), 0},
		{"gce 0", must[GeneralizedCE](t)(NewGeneralizedCE(0, 0)), 0},
		{"gce towards 0", must[GeneralizedCE](t)(NewGeneralizedCE(1e-9, 0)), 1e-6},
		{"sce without its reverse part", must[SymmetricCE](t)(NewSymmetricCE(1, 0, 1e-4)), 0},
		{"ldam without a margin", must[LDAM](t)(NewLDAM(0, 30, []int{9, 3, 2, 1})), 1e-7},
		{"no smoothing", must[LabelSmoothing](t)(NewLabelSmoothing(0)), 0},
		{"temperatures of 1", must[BiTempered](t)(NewBiTempered(1, 1)), 1e-6},
		{"temperatures near 1", must[BiTempered](t)(NewBiTempered(1-1e-8, 1+1e-8)), 1e-6},
	} {
		got, grad := losses(c.loss, z, labels), make([]float32, len(z))
		c.loss.Gradient(grad, z, labels, ones)
		if c.tol == 0 && !(sameBits(want, got) && sameBits(wantGrad, grad)) {
			t.Errorf("%s: not cross entropy", c.name)
		}
		for i := range got {
			if !near(float64(got[i]), float64(want[i]), c.tol) {
				t.Errorf("%s: row %d: %v, cross entropy %v", c.name, i, got[i], want[i])
			}
		}
		for i := range grad {
			if !near(float64(grad[i]), float64(wantGrad[i]), c.tol) {
				t.Errorf("%s: gradient %d: %v, cross entropy's %v", c.name, i, grad[i], wantGrad[i])
			}
		}
	}
}

// TestLossFormulas: the published formulas, in p_y.
func TestLossFormulas(t *testing.T) {
	z, labels := lossRows(40)
	for i := range z {
		z[i] *= 3
	}
	ce := losses(CrossEntropy{}, z, labels)
	for _, c := range []struct {
		name string
		loss Loss
		of   func(p float64) float64
	}{
		{"focal", must[Focal](t)(NewFocal(2)), func(p float64) float64 { return -(1 - p) * (1 - p) * math.Log(p) }},
		{"gce", must[GeneralizedCE](t)(NewGeneralizedCE(0.7, 0)), func(p float64) float64 { return (1 - math.Pow(p, 0.7)) / 0.7 }},
		{"gce 1 is half the mae", must[GeneralizedCE](t)(NewGeneralizedCE(1, 0)), func(p float64) float64 { return 1 - p }},
		{"gce truncated", must[GeneralizedCE](t)(NewGeneralizedCE(0.7, 0.5)), func(p float64) float64 { return (1 - math.Pow(max(p, 0.5), 0.7)) / 0.7 }},
		{"reverse ce", must[SymmetricCE](t)(NewSymmetricCE(0, 1, 1e-4)), func(p float64) float64 { return 9.210340371976182 * (1 - p) }},
		{"sce", must[SymmetricCE](t)(NewSymmetricCE(6, 0.1, 1e-4)), func(p float64) float64 { return -6*math.Log(p) + 0.9210340371976182*(1-p) }},
	} {
		for i, got := range losses(c.loss, z, labels) {
			if want := c.of(math.Exp(-float64(ce[i]))); !near(float64(got), want, 1e-6) {
				t.Errorf("%s: row %d: %v, want %v", c.name, i, got, want)
			}
		}
	}
}

// TestGCEGradient: cross entropy's times p_y^q, and none where it is truncated.
func TestGCEGradient(t *testing.T) {
	z, labels := lossRows(40)
	ones, scaled := make([]float32, len(labels)), make([]float32, len(labels))
	for i, c := range losses(CrossEntropy{}, z, labels) {
		ones[i] = 1
		if p := math.Exp(-float64(c)); p > 0.3 {
			scaled[i] = float32(math.Pow(p, 0.7))
		}
	}
	got, want := make([]float32, len(z)), make([]float32, len(z))
	must[GeneralizedCE](t)(NewGeneralizedCE(0.7, 0.3)).Gradient(got, z, labels, ones)
	CrossEntropy{}.Gradient(want, z, labels, scaled)
	for i := range got {
		if !near(float64(got[i]), float64(want[i]), 1e-6) {
			t.Errorf("%d: %v, want %v", i, got[i], want[i])
		}
	}
}

// TestLDAM: the margins of the paper's CIFAR-10 profile, and the loss as cross
// entropy of logits with the margin taken off.
func TestLDAM(t *testing.T) {
	l, err := NewLDAM(0.5, 30, []int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{.1581, .1797, .2042, .2321, .2638, .2998, .3407, .3872, .4405, .5000} {
		if got := l.Margins()[k]; math.Abs(got-want) > 5e-5 {
			t.Errorf("class %d: margin %v, want %v", k, got, want)
		}
	}
	z, labels := lossRows(60)
	for i := range z {
		z[i] *= float32(i%7) * 3
	}
	if l, err = NewLDAM(0.5, 30, []int{100, 30, 10, 1}); err != nil {
		t.Fatal(err)
	}
	moved := append([]float32(nil), z...)
	for i, y := range labels {
		moved[4*i+int(y)] -= float32(30 * l.Margins()[y])
	}
	want := losses(CrossEntropy{}, moved, labels)
	for i, got := range losses(l, z, labels) {
		if !near(float64(got), float64(want[i]), 2e-6) {
			t.Errorf("row %d: %v, want %v", i, got, want[i])
		}
	}
}

// TestBiTempered: probabilities sum to 1, the loss is bounded by the one of
// p_y = 0, and it is 0 where the network is sure and right.
func TestBiTempered(t *testing.T) {
	l := BiTempered{0.8, 1.4}
	for _, z := range [][]float32{{0, 0, 0, 0}, {3, -2, 0.5, 1}, {1e4, 0, -1e4, 5}, {80, 80, 0, 0}, {1e30, -1e30, 0, 0}} {
		r := l.row(z, 0)
		var sum float64
		for j := range z {
			sum += math.Exp(r.logp(j))
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%v: probabilities sum to %v", z, sum)
		}
	}
	wrong := losses(l, []float32{1e30, 0, 0, 0}, []int32{1})[0]
	if want := 1 / 0.2; math.Abs(float64(wrong)-want) > 1e-5 {
		t.Errorf("sure and wrong: %v, want %v", wrong, want)
	}
	if right := losses(l, []float32{1e30, 0, 0, 0}, []int32{0})[0]; right > 1e-6 {
		t.Errorf("sure and right: %v", right)
	}
}

// TestSmoothing: the mean over the classes of cross entropy, in its share.
func TestSmoothing(t *testing.T) {
	z, labels := lossRows(30)
	want := losses(CrossEntropy{}, z, labels)
	mean := make([]float64, len(labels))
	for k := range int32(4) {
		all := make([]int32, len(labels))
		for i := range all {
			all[i] = k
		}
		for i, l := range losses(CrossEntropy{}, z, all) {
			mean[i] += float64(l) / 4
		}
	}
	for i, got := range losses(must[LabelSmoothing](t)(NewLabelSmoothing(0.1)), z, labels) {
		if want := 0.9*float64(want[i]) + 0.1*mean[i]; !near(float64(got), want, 1e-6) {
			t.Errorf("row %d: %v, want %v", i, got, want)
		}
	}
}

func TestLossesRefuse(t *testing.T) {
	nan := math.NaN()
	for name, err := range map[string]error{
		"focal < 0":      second(NewFocal(-1)),
		"focal NaN":      second(NewFocal(nan)),
		"gce q":          second(NewGeneralizedCE(1.1, 0)),
		"gce k":          second(NewGeneralizedCE(0.7, 1)),
		"sce of nothing": second(NewSymmetricCE(0, 0, 1e-4)),
		"sce floor":      second(NewSymmetricCE(1, 1, 0)),
		"ldam margin":    second(NewLDAM(nan, 30, []int{1, 2})),
		"ldam counts":    second(NewLDAM(0.5, 30, []int{1, 0})),
		"ldam classes":   second(NewLDAM(0.5, 30, nil)),
		"smoothing of 1": second(NewLabelSmoothing(1)),
		"t1 above 1":     second(NewBiTempered(1.1, 1.4)),
		"t2 below 1":     second(NewBiTempered(0.8, 0.9)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[L any](_ L, err error) error { return err }

// TestLossesNoAllocations: a pass of any loss takes no memory.
func TestLossesNoAllocations(t *testing.T) {
	z, labels := lossRows(16)
	dst, dz := make([]float32, len(labels)), make([]float32, len(z))
	for name, l := range everyLoss(t) {
		if n := testing.AllocsPerRun(5, func() {
			l.Losses(dst, z, labels)
			l.Gradient(dz, z, labels, dst)
			l.Tangent(dst, z, dz, labels)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
