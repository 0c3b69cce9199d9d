package optimizer

import (
	"errors"
	"fmt"
	"math"
)

// Config describes one of the named optimizers.
type Config struct {
	// Name is sgd, nesterov, adam or adamw.
	Name string
	// LR is the learning rate, > 0.
	LR float64
	// Momentum of sgd (0 for none) and nesterov, in [0, 1). The Adams do not
	// read it.
	Momentum float64
	// WeightDecay is added to the gradient (sgd, nesterov, adam) or to the
	// update (adamw); 0 for none.
	WeightDecay float64
	// Clip is the largest norm of the gradient, before decay; 0 for no limit.
	Clip float64
	// Schedule scales LR over the run; nil is Constant.
	Schedule Schedule
	// WarmupSteps is the number of steps over which LR rises linearly.
	WarmupSteps int
	// Parts are the parameters whose learning rate is another.
	Parts []Part
	// Beta1, Beta2 and Epsilon of adam and adamw; 0 for the customary 0.9,
	// 0.999 and 1e-8.
	Beta1, Beta2, Epsilon float64
}

// New returns the optimizer of n parameters that cfg describes, or an error
// that lists all that is wrong with it. As chains:
//
//	sgd       clip, decayed weights, momentum, schedule
//	nesterov  clip, decayed weights, nesterov, schedule
//	adam      clip, decayed weights, adam, schedule
//	adamw     clip, adam, decoupled decay, schedule
//
// with scaled parts in front of the schedule, if there are any, and
// where links with nothing to do are left out.
func New(cfg Config, n int) (*Optimizer, error) {
	cfg = cfg.withDefaults()
	if err := errors.Join(cfg.validate(), checkParts(cfg.Parts, n)); err != nil {
		return nil, err
	}
	return Build(n, cfg.transforms()...), nil
}

func (c Config) transforms() []Transform {
	var ts []Transform
	if c.Clip > 0 {
		ts = append(ts, ClipByGlobalNorm(c.Clip))
	}
	if c.WeightDecay > 0 && c.Name != "adamw" {
		ts = append(ts, AddDecayedWeights(c.WeightDecay))
	}
	switch {
	case c.Name == "sgd" && c.Momentum > 0:
		ts = append(ts, Momentum(c.Momentum))
	case c.Name == "nesterov":
		ts = append(ts, Nesterov(c.Momentum))
	case c.Name == "adam" || c.Name == "adamw":
		ts = append(ts, ScaleByAdam(c.Beta1, c.Beta2, c.Epsilon))
	}
	if c.WeightDecay > 0 && c.Name == "adamw" {
		ts = append(ts, AddDecoupledDecay(c.WeightDecay))
	}
	if len(c.Parts) > 0 {
		ts = append(ts, ScaleParts(c.Parts))
	}
	schedule := c.Schedule
	if c.WarmupSteps > 0 {
		schedule = WarmUp{c.WarmupSteps, schedule}
	}
	return append(ts, ScaleBySchedule(c.LR, schedule))
}

func (c Config) withDefaults() Config {
	if c.Schedule == nil {
		c.Schedule = Constant{}
	}
	if c.Beta1 == 0 {
		c.Beta1 = 0.9
	}
	if c.Beta2 == 0 {
		c.Beta2 = 0.999
	}
	if c.Epsilon == 0 {
		c.Epsilon = 1e-8
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	want := func(ok bool, name string, value any, wanted string) {
		if !ok {
			errs = append(errs, fmt.Errorf("optimizer: %s is %v, want %s", name, value, wanted))
		}
	}
	adam := false
	switch c.Name {
	case "sgd":
		want(c.Momentum >= 0 && c.Momentum < 1, "momentum", c.Momentum, "a number in [0, 1)")
	case "nesterov":
		want(c.Momentum > 0 && c.Momentum < 1, "momentum of nesterov", c.Momentum, "a number in (0, 1)")
	case "adam", "adamw":
		adam = true
	default:
		want(false, "name", fmt.Sprintf("%q", c.Name), "sgd, nesterov, adam or adamw")
	}
	want(c.LR > 0 && !math.IsInf(c.LR, 1), "learning rate", c.LR, "a number > 0")
	want(c.WeightDecay >= 0 && !math.IsInf(c.WeightDecay, 1), "weight decay", c.WeightDecay, "a number >= 0")
	want(c.Clip >= 0, "clip", c.Clip, "a norm > 0, or 0 for no limit")
	want(c.WarmupSteps >= 0, "warm-up", c.WarmupSteps, "a number of steps >= 0")
	if adam {
		want(c.Beta1 > 0 && c.Beta1 < 1, "beta1", c.Beta1, "a number in (0, 1)")
		want(c.Beta2 > 0 && c.Beta2 < 1, "beta2", c.Beta2, "a number in (0, 1)")
		want(float32(c.Epsilon) > 0, "epsilon", c.Epsilon, "a number that is > 0 as a float32")
	}
	return errors.Join(errs...)
}
