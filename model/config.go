package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Config says what to build. Together with the parameters and the running
// statistics it is all that a network is. As JSON it is what a model file says
// of its network.
type Config struct {
	// Arch is the architecture, in the words of [Architectures].
	Arch string `json:"arch"`
	// Input is the shape of one sample, [features] or [channels, height,
	// width]. Architectures for tables read images as flat vectors.
	Input []int `json:"input"`
	// Classes is the number of outputs, at least 2.
	Classes int `json:"classes"`
	// Fields are the columns of a table and how the network takes them in, in
	// the order of a sample's values; none: it takes the values as they are.
	Fields []Field `json:"fields,omitempty"`
	// Norm is the normalisation of hidden layers, before their ReLU: "none",
	// "batch" (by the statistics of the shard), "layer" or "group:GROUPS" (both
	// of each sample on its own); empty is the architecture's own. A layer in
	// front of a norm that is not "none" has no bias: the norm has one.
	Norm string `json:"norm,omitempty"`
	// Dropout is the probability, in [0, 1), of dropping an activation of a
	// hidden dense layer in training; 0 is none. Architectures without such a
	// layer do not mind.
	Dropout float32 `json:"dropout,omitempty"`
	// Cosine, if > 0, makes the last layer a cosine of this scale: logits are
	// Cosine·cos(x, w_j), without bias. 0 is a dense layer.
	Cosine float32 `json:"cosine,omitempty"`
	// Ensemble is the number of members, each a network of its own: they see the
	// same samples, with other initial parameters and dropout masks. 0 and 1 are
	// no ensemble.
	Ensemble int `json:"ensemble,omitempty"`
	// Freeze names tensors that are not trained (see [Network.Select]): their
	// gradients are 0, and a batch norm whose statistics are frozen is as in
	// evaluation.
	Freeze []string `json:"-"`
	// InitScale multiplies the initial weights of dense and convolution layers;
	// 0 is 1, He's and Glorot's initialisation.
	InitScale float64 `json:"-"`
	// Seed decides the initial parameters and the dropout masks.
	Seed uint64 `json:"-"`
}

// Limits on what an architecture may ask for: beyond them a number is a typing
// error, and the answer should be a message and not an allocation that fails.
const (
	maxWidth  = 1 << 16
	maxHidden = 64
	maxParams = 1 << 30

	maxMembers = 64
)

func parseWidths(s string) ([]int, error) {
	fields := strings.Split(s, ",")
	if len(fields) > maxHidden {
		return nil, fmt.Errorf("%d hidden layers, more than %d", len(fields), maxHidden)
	}
	widths := make([]int, len(fields))
	for i, f := range fields {
		w, err := whole("width", f, maxWidth)
		if err != nil {
			return nil, fmt.Errorf("hidden layer %d: %w", i+1, err)
		}
		widths[i] = w
	}
	return widths, nil
}

// check returns everything that is wrong with c apart from its architecture.
func (c Config) check() error {
	var errs []error
	if len(c.Input) != 1 && len(c.Input) != 3 {
		errs = append(errs, fmt.Errorf("model: input shape %v: want [features] or [channels height width]", c.Input))
	}
	size := 1
	for _, d := range c.Input {
		if d < 1 || d > maxParams/size {
			errs = append(errs, fmt.Errorf("model: input shape %v: want sizes of at least 1 and no more than %d features", c.Input, maxParams))
			break
		}
		size *= d
	}
	if c.Classes < 2 || c.Classes > maxWidth {
		errs = append(errs, fmt.Errorf("model: %d classes: want 2 to %d", c.Classes, maxWidth))
	}
	if !(c.Dropout >= 0 && c.Dropout < 1) {
		errs = append(errs, fmt.Errorf("model: dropout %v: want a probability of at least 0 and below 1", c.Dropout))
	}
	if !(c.Cosine >= 0 && c.Cosine <= 1e6) {
		errs = append(errs, fmt.Errorf("model: cosine classifier of scale %v: want a number from 0 to 1e6", c.Cosine))
	}
	if !(c.InitScale >= 0 && c.InitScale <= 10) {
		errs = append(errs, fmt.Errorf("model: initial weights scaled by %v: want a number from 0 (which is 1) to 10", c.InitScale))
	}
	if c.Ensemble < 0 || c.Ensemble > maxMembers {
		errs = append(errs, fmt.Errorf("model: an ensemble of %d: want 1 to %d members", c.Ensemble, maxMembers))
	}
	errs = append(errs, checkFields(c.Fields, c.Input))
	if c.Norm != "" {
		errs = append(errs, CheckNorm(c.Norm))
	}
	return errors.Join(errs...)
}

// members is the number of networks that train side by side.
func (c Config) members() int { return max(1, c.Ensemble) }

// clone returns a copy that shares no memory.
func (c Config) clone() Config {
	c.Input, c.Fields = slices.Clone(c.Input), slices.Clone(c.Fields)
	c.Freeze = slices.Clone(c.Freeze)
	for i, f := range c.Fields {
		c.Fields[i].Edges = slices.Clone(f.Edges)
	}
	return c
}
