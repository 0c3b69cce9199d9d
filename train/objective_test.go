package train

import (
	"math"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
	"github.com/ballast-ml/ballast/model"
)

// TestObjectiveGradient: at γ = α = 1 and with the whole training set as one
// batch, the step's gradient is that of F(θ) = λ·log mean exp(ℓ/λ), which the
// step reports. F is taken from the losses here, and its slope along random
// directions by finite differences.
func TestObjectiveGradient(t *testing.T) {
	for _, lambda := range []string{"0.7", "5", "-2"} {
		j, before, told := wholeSetStep(t, func(c *Config) { c.Lambda = lambda })
		gradient := make([]float64, len(before)) // of plain descent at rate 1
		for i, p := range j.net.Params() {
			gradient[i] = float64(before[i]) - float64(p)
		}
		value := objectiveOf(t, j, float64(told.Lambda))
		if at := value(before); math.Abs(at-float64(told.Objective)) > 1e-5*math.Abs(at) {
			t.Errorf("λ %s: the step reports %v, the losses give %v", lambda, told.Objective, at)
		}
		for k := range 5 {
			dir, slope, size := rng.New(uint64(k), rng.Glyph), 0.0, 0.0
			const h = 4e-3
			up, down := append([]float32{}, before...), append([]float32{}, before...)
			for i := range before {
				d := dir.Norm(uint64(i))
				slope += d * gradient[i]
				size += gradient[i] * gradient[i]
				up[i], down[i] = before[i]+float32(h*d), before[i]-float32(h*d)
			}
			if got := (value(up) - value(down)) / (2 * h); math.Abs(got-slope) > 0.01*(math.Abs(slope)+math.Sqrt(size)) {
				t.Errorf("λ %s, direction %d: finite difference %v, gradient %v", lambda, k, got, slope)
			}
		}
	}
}

// TestObjectiveIsOfTheLosses: F is of the losses alone also where the weigher's
// exponents are others, or λ is chosen after the losses are known.
func TestObjectiveIsOfTheLosses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"class weights":                 func(c *Config) { c.Method, c.CBFrom = "absgd+cb", 0 },
		"a given effective sample size": func(c *Config) { c.ESS = 0.5 },
		"a given size, easy samples":    func(c *Config) { c.ESS, c.Lambda = 0.8, "-1" },
		"a floor below the weights":     func(c *Config) { c.Lambda, c.Floor = "-2", true },
	} {
		j, before, told := wholeSetStep(t, change)
		want := objectiveOf(t, j, float64(told.Lambda))(before)
		if got := float64(told.Objective); math.IsInf(float64(told.Lambda), 0) || math.Abs(got-want) > 1e-5*math.Abs(want) {
			t.Errorf("%s: λ %v, the step reports %v, the losses give %v", name, told.Lambda, got, want)
		}
	}
}

// wholeSetStep takes one plain step of descent at rate 1 on the whole training
// set, with ABSGD at γ = α = 1 unless change says otherwise, and returns the
// parameters before it.
func wholeSetStep(t *testing.T, change func(*Config)) (j *job, before []float32, told StepDone) {
	t.Helper()
	cfg, data := smallRun(t, func(c *Config) {
		c.Method, c.Lambda, c.Gamma, c.Alpha, c.Norm, c.Dropout = "absgd", "2", 1, 1, "none", 0
		c.Epochs, c.ValFraction, c.Optimizer, c.Clip, c.WeightDecay = 1, 0, "sgd", 0, 0
		c.LR, c.LRSchedule, c.Warmup, c.Momentum, c.Shards = 1, "constant", 0, 0, 3
		change(c)
	})
	cfg.Batch = data.Train.Len()
	j = testJob(t, cfg, data)
	before = append([]float32{}, j.net.Params()...)
	j.observe = Tee(Observer{}, Observer{StepDone: func(v StepDone) { told = v }})
	if _, err := trainJobs(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if told.Steps != 1 {
		t.Fatalf("%d steps, expected one batch of all rows", told.Steps)
	}
	return j, before, told
}

// objectiveOf returns F as a function of the parameters.
func objectiveOf(t *testing.T, j *job, lambda float64) func(params []float32) float64 {
	t.Helper()
	net, err := model.New(j.arch)
	if err != nil {
		t.Fatal(err)
	}
	rows, width := j.data.Train.Len(), j.data.Features()
	x, labels, losses := make([]float32, rows*width), make([]int32, rows), make([]float32, rows)
	for i := range rows {
		j.data.Train.Read(x[i*width:(i+1)*width], i)
		labels[i] = j.data.Train.Label(i)
	}
	return func(params []float32) float64 {
		copy(net.Params(), params)
		j.loss.Losses(losses, net.Logits(model.Pass{}, x, rows), labels)
		var sum float64
		for _, l := range losses {
			sum += math.Exp(float64(l) / lambda)
		}
		return lambda * math.Log(sum/float64(rows))
	}
}
