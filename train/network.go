package train

import (
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/model"
)

// checkNetwork complains of the flags that describe the network.
func (c Config) checkNetwork(failed func(flag string, err error)) {
	if c.Model != "auto" {
		failed("model", model.CheckArch(c.Model))
	}
	if c.Norm != "auto" {
		failed("norm", model.CheckNorm(c.Norm))
	}
}

// resolveNetwork fills what is auto in a description of a network that is
// otherwise right.
func (c *Config) resolveNetwork() {
	c.Model = choose(c.Model == "auto", "mlp:256,128", c.Model)
	if norm, err := model.NormOf(c.Model, ""); err == nil && c.Norm == "auto" {
		c.Norm = norm
	}
}

// network describes the network of a resolved configuration for some data.
func (c Config) network(data *dataset.Data) model.Config {
	return model.Config{
		Arch: c.Model, Input: data.Shape, Classes: len(data.Classes),
		Norm: c.Norm, Dropout: float32(c.Dropout), Seed: c.Seed,
	}
}
