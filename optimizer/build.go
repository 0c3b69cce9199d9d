package optimizer

import (
	"errors"
	"fmt"
)

// WeighterConfig describes any of the weighters, as flags do.
type WeighterConfig struct {
	// Name is erm, cb or absgd.
	Name string
	// Batch is the size of a full global batch.
	Batch int

	// Lambda, for absgd, is read by ParseLambda.
	Lambda string
	// Gamma and Alpha, for absgd: see ABSGDConfig.
	Gamma, Alpha float64
	// UInit, for absgd, is first (also if empty) or zero: where log u starts.
	UInit string
	// Size, for absgd, is the effective sample size over that of the batch; 0
	// for none.
	Size float64
	// Floor, for absgd, adds 1/B to the weights.
	Floor bool

	// Balanced, for absgd, multiplies the losses by class-balanced weights.
	Balanced bool
	// Counts, for cb and for Balanced, has the training samples of each class.
	Counts []int
	// From, for cb and for Balanced, is the fraction of the run from which the
	// class-balanced weights count.
	From float64
	// Beta, for cb and for Balanced: see ClassWeights.
	Beta float64
}

// NewWeighter returns the weighter that cfg describes. It does not look at
// fields that the named weighter does not use.
func NewWeighter(cfg WeighterConfig) (Weighter, error) {
	switch cfg.Name {
	case "erm":
		return &ERM{}, nil
	case "cb":
		weights, err := ClassWeights(cfg.Counts, cfg.Beta)
		if err != nil {
			return nil, err
		}
		return check(NewClassBalanced(weights, cfg.From))
	case "absgd":
		return newABSGD(cfg)
	}
	return nil, fmt.Errorf("optimizer: unknown weighter %q, want erm, cb or absgd", cfg.Name)
}

func newABSGD(cfg WeighterConfig) (Weighter, error) {
	c := ABSGDConfig{
		Gamma: cfg.Gamma, Alpha: cfg.Alpha, Size: cfg.Size, Floor: cfg.Floor, Batch: cfg.Batch,
		FromZero: cfg.UInit == "zero",
	}
	var errs []error
	var err error
	if c.Lambda, err = ParseLambda(cfg.Lambda); err != nil {
		return nil, fmt.Errorf("optimizer: %w", err)
	}
	if cfg.UInit != "" && cfg.UInit != "first" && cfg.UInit != "zero" {
		errs = append(errs, fmt.Errorf("optimizer: u-init is %q, want first or zero", cfg.UInit))
	}
	if cfg.Balanced {
		c.ClassesFrom = cfg.From
		if c.ClassWeights, err = ClassWeights(cfg.Counts, cfg.Beta); err != nil {
			errs = append(errs, err)
		}
	}
	w, err := NewABSGD(c)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return w, nil
}

// check turns a typed nil of a failed constructor into a plain one.
func check[W Weighter](w W, err error) (Weighter, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}
