package train

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/optimizer"
)

// Validate reports everything that is wrong with the configuration at once,
// each complaint naming its flag. It looks at no file.
func (c Config) Validate() error {
	var wrong []error
	complain := func(flag string, value any, want string) {
		wrong = append(wrong, fmt.Errorf("--%s %v: want %s", flag, value, want))
	}
	failed := func(flag string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	if err := dataset.Check(c.spec()); err != nil {
		wrong = append(wrong, err)
	}
	_, err := dataset.ParseAugment(c.Augment)
	failed("augment", err)
	c.checkNetwork(failed)
	c.checkStart(failed)
	wrong = append(wrong, c.checkStream())
	if m, err := ParseMethod(c.Method); err != nil {
		failed("method", err)
	} else {
		for _, option := range m.Options {
			failed("method", c.set(option[0], option[1]))
		}
		failed("method", c.checkGroups(m))
	}
	if _, err := optimizer.ParseLambda(c.Lambda); err != nil {
		failed("lambda", err)
	}
	if c.LRSchedule != "auto" {
		_, err := optimizer.ParseSchedule(c.LRSchedule)
		failed("lr-schedule", err)
	}
	switch c.Optimizer {
	case "auto", "sgd", "nesterov", "adam", "adamw":
	default:
		complain("optimizer", c.Optimizer, "sgd, nesterov, adam or adamw")
	}
	wrong = append(wrong, c.validateJudging())
	if c.OnNaN != "stop" && c.OnNaN != "skip" {
		complain("on-nan", c.OnNaN, "stop or skip")
	}
	if c.Order != "shuffled" && c.Order != "file" {
		complain("order", c.Order, "shuffled or file")
	}
	if c.UInit != "first" && c.UInit != "zero" {
		complain("u-init", c.UInit, "first or zero")
	}
	for _, r := range []struct {
		flag  string
		value float64
		ok    bool
		want  string
	}{
		{"gamma", c.Gamma, c.Gamma > 0 && c.Gamma <= 1, "a rate in (0, 1]"},
		{"alpha", c.Alpha, c.Alpha > 0, "a number above 0"},
		{"ess", c.ESS, c.ESS >= 0 && c.ESS <= 1, "a fraction of the batch in (0, 1] (0 takes lambda as it is)"},
		{"tau", c.Tau, c.Tau >= 0, "a number of at least 0"},
		{"cb-from", c.CBFrom, c.CBFrom >= 0 && c.CBFrom <= 1, "a fraction of the run in [0, 1]"},
		{"cb-beta", c.CBBeta, c.CBBeta >= 0 && c.CBBeta < 1, "a number in [0, 1)"},
		{"dropout", c.Dropout, c.Dropout < 1, "a probability in [0, 1)"},
		{"init-scale", c.InitScale, c.InitScale > 0 && c.InitScale <= 10, "a factor in (0, 10]"},
		{"lr", c.LR, c.LR >= 0, "a learning rate above 0 (0 chooses by the kind of data)"},
		{"momentum", c.Momentum, c.Momentum >= 0 && c.Momentum < 1, "a number in [0, 1)"},
		{"weight-decay", c.WeightDecay, c.WeightDecay >= 0 || c.WeightDecay == -1, "a number of at least 0"},
		{"warmup", c.Warmup, c.Warmup >= 0, "a number of epochs of at least 0"},
		{"clip", c.Clip, c.Clip >= 0, "a norm of at least 0 (0 is no limit)"},
		{"epochs", float64(c.Epochs), c.Epochs >= 1, "at least 1"},
		{"patience", float64(c.Patience), c.Patience >= 0, "a number of epochs of at least 0 (0 takes the last epoch)"},
		{"steps", float64(c.Steps), c.Steps >= 0, "at least 0 (0 is no limit)"},
		{"ensemble", float64(c.Ensemble), c.Ensemble >= 1 && c.Ensemble <= 64, "1 to 64 members"},
		{"batch", float64(c.Batch), c.Batch >= 1, "at least 1"},
		{"shards", float64(c.Shards), c.Shards >= 1 && c.Shards <= maxShards, fmt.Sprintf("1 to %d", maxShards)},
		{"fold", float64(c.Fold), c.Fold == 0 || c.Fold > 1 && 2*c.Fold <= c.Shards && c.Shards%c.Fold == 0,
			fmt.Sprintf("0 (one ring), or a number of groups of two shards and more that divides --shards %d", c.Shards)},
	} {
		if !r.ok || math.IsInf(r.value, 0) {
			complain(r.flag, r.value, r.want)
		}
	}
	return errors.Join(wrong...)
}

// maxShards bounds the memory that a roster can ask for.
const maxShards = 1024

// spec is what the configuration says about the data.
func (c Config) spec() dataset.Spec {
	seed := c.Seed
	if c.DataSeed != nil {
		seed = *c.DataSeed
	}
	buckets, _, _ := parseTextSize(c.TextSize) // Validate looks at the word
	return dataset.Spec{
		Data: c.Data, TestData: c.TestData, Label: c.Label, Target: c.Target,
		Header: c.Header, Separator: c.Separator, Missing: c.Missing,
		Categorical: c.Categorical, Drop: c.Drop, Text: c.Text, TextBuckets: buckets, Weight: c.Weight, Scale: c.Scale, Split: c.Split,
		Stream: c.Stream, Classes: c.Classes,
		GroupBy: c.GroupBy, GroupFeature: c.GroupFeature, ImageSize: c.ImageSize,
		LongTail: c.LongTail, LabelNoise: c.LabelNoise, ValFraction: c.ValFraction, Seed: seed,
	}
}

// set gives the field of a method option the value written in its brackets.
func (c *Config) set(flag, value string) error {
	number := map[string]*float64{
		"gamma": &c.Gamma, "alpha": &c.Alpha, "tau": &c.Tau, "cb-from": &c.CBFrom, "cb-beta": &c.CBBeta, "ess": &c.ESS,
	}
	word := map[string]*string{"lambda": &c.Lambda, "u-init": &c.UInit}
	var err error
	switch {
	case number[flag] != nil:
		*number[flag], err = strconv.ParseFloat(value, 64)
	case word[flag] != nil:
		*word[flag] = value
	case flag == "floor":
		c.Floor, err = strconv.ParseBool(value)
	default:
		panic("train: no field for option " + flag)
	}
	if err != nil {
		return fmt.Errorf("%s=%q is not a value of its kind", flag, value)
	}
	return nil
}

// Resolve fills every field that is "auto" from the kind of the data and moves
// the options in the method's brackets to their fields, so that two ways of
// writing one run become equal.
func (c Config) Resolve(kind dataset.Kind) (Config, error) {
	m, err := ParseMethod(c.Method)
	if err != nil {
		return c, fmt.Errorf("--method: %w", err)
	}
	for _, option := range m.Options {
		if err := c.set(option[0], option[1]); err != nil {
			return c, fmt.Errorf("--method: %w", err)
		}
	}
	c.Method = m.String()
	table := kind == dataset.Table
	c = c.resolveStream()
	augment, err := dataset.ParseAugment(c.Augment)
	if err != nil {
		return c, fmt.Errorf("--augment: %w", err)
	}
	c.Augment = augment.String()
	c.resolveNetwork()
	c.Dropout = choose(c.Dropout < 0, choose(table, 0.3, 0), c.Dropout)
	c.Optimizer = choose(c.Optimizer == "auto", choose(table, "adamw", "sgd"), c.Optimizer)
	c.LR = choose(c.LR == 0, choose(table, 2e-3, 0.05), c.LR)
	c.LRSchedule = choose(c.LRSchedule == "auto", choose(table, "cosine", "multistep:0.6,0.8:0.1"), c.LRSchedule)
	c.WeightDecay = choose(c.WeightDecay < 0, choose(table, 1e-2, 5e-4), c.WeightDecay)
	c.Prior = choose(c.Prior == "auto", c.priorOf(kind), c.Prior)
	return c, c.Validate()
}

func choose[T any](cond bool, yes, no T) T {
	if cond {
		return yes
	}
	return no
}
