package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// A run may start from the model of another one, or from a checkpoint (--init):
// with its network, its preprocessing and its parameters, and with a method, a
// seed and a part of the parameters to train of its own. The model's checksum
// takes the place of its path in what nodes compare.

// checkStart complains of the flags that say where the run starts and what it
// trains.
func (c Config) checkStart(failed func(flag string, err error)) {
	_, err := parseFactors(c.LRScale)
	failed("lr-scale", err)
	if c.Reset != "" && c.Init == "" {
		failed("reset", errors.New("needs --init: without it all parameters start from the seed"))
	}
}

// start reads the model that the run starts from; nil if it starts from the seed.
func (c Config) start() (*Model, error) {
	if c.Init == "" {
		return nil, nil
	}
	path, err := startFile(c.Init)
	if err != nil {
		return nil, fmt.Errorf("--init %s: %w", c.Init, err)
	}
	m, err := loadStart(path)
	if err != nil {
		return nil, fmt.Errorf("--init %s: %w", c.Init, err)
	}
	return m, nil
}

// dataSpec is what the configuration says about the data, prepared as the model
// wants it that the run starts from.
func (c Config) dataSpec() (dataset.Spec, error) {
	spec := c.spec()
	m, err := c.start()
	if m != nil {
		spec.Prep = &m.Prep
	}
	return spec, err
}

// adopt takes the description of the network from the model that the run starts
// from. It refuses what says otherwise.
func (c Config) adopt(m *Model) (Config, error) {
	norm, err := model.NormOf(m.Arch.Arch, m.Arch.Norm)
	if err != nil {
		return c, err
	}
	members := max(1, m.Arch.Ensemble)
	for _, f := range []struct {
		flag       string
		said, have any
		ok         bool
	}{
		{"model", c.Model, m.Arch.Arch, c.Model == "auto" || c.Model == m.Arch.Arch},
		{"norm", c.Norm, norm, c.Norm == "auto" || c.Norm == norm},
		{"ensemble", c.Ensemble, members, c.Ensemble == 1 || c.Ensemble == members},
		{"embed", c.Embed, "its own embeddings", c.Embed == "none"},
	} {
		if !f.ok {
			return c, fmt.Errorf("--%s %v: the model of --init has %v: leave the flag out", f.flag, f.said, f.have)
		}
	}
	c.Model, c.Norm, c.Ensemble, c.Init = m.Arch.Arch, norm, members, "sha256:"+m.SHA256
	return c, nil
}

// networkFrom describes the network of a run that starts from a model.
func (c Config) networkFrom(m *Model, data *dataset.Data) (model.Config, error) {
	stored, err := json.Marshal(m.Prep)
	if err != nil {
		return model.Config{}, err
	}
	if here, err := json.Marshal(data.Prep); err != nil || string(here) != string(stored) {
		return model.Config{}, errors.Join(err, errors.New("--init: the data are not prepared as the model's were"))
	}
	method, err := ParseMethod(c.Method)
	if err != nil {
		return model.Config{}, err
	}
	arch := m.Arch
	arch.Dropout, arch.Cosine, arch.InitScale, arch.Seed = float32(c.Dropout), float32(method.cosine()), c.InitScale, c.Seed
	return arch, nil
}

// transplant copies the parameters of a model into the network, but for those
// that Reset names.
func (c Config) transplant(net *model.Network, m *Model) error {
	stored := map[string]model.Tensor{}
	for _, t := range m.Net.Tensors() {
		stored[t.Name] = t
	}
	fresh := map[string]bool{}
	for _, name := range items(c.Reset) {
		tensors, err := net.Select(name)
		if err != nil {
			return fmt.Errorf("--reset: %w", err)
		}
		for _, t := range tensors {
			fresh[t.Name] = true
		}
	}
	for _, t := range net.Tensors() {
		if fresh[t.Name] {
			continue
		}
		s, ok := stored[t.Name]
		if !ok || len(s.Data) != len(t.Data) || m.Arch.Cosine != net.Config().Cosine {
			return fmt.Errorf("--init: the network of --method %s has another %s than the model: add --reset classifier", c.Method, t.Name)
		}
		copy(t.Data, s.Data)
	}
	return nil
}

// items cuts a list at its commas; an empty one has no items.
func items(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// factor is an item of LRScale.
type factor struct {
	name string
	by   float64
}

// parseFactors reads NAME=FACTOR,...
func parseFactors(text string) ([]factor, error) {
	var factors []factor
	for _, item := range items(text) {
		name, number, ok := strings.Cut(item, "=")
		by, err := strconv.ParseFloat(number, 64)
		if !ok || name == "" || err != nil || !(by >= 0 && by <= 1e6) {
			return nil, fmt.Errorf("%q: want NAME=FACTOR items with factors of at least 0, such as features=0.1", item)
		}
		factors = append(factors, factor{name, by})
	}
	return factors, nil
}

// parts are the parameters with a learning rate of their own; that of frozen
// ones is 0.
func (c Config) parts(net *model.Network) ([]optimizer.Part, error) {
	factors, err := parseFactors(c.LRScale)
	if err != nil {
		return nil, fmt.Errorf("--lr-scale: %w", err)
	}
	for _, name := range items(c.Freeze) {
		factors = append(factors, factor{name, 0})
	}
	by := map[string]float64{}
	for _, f := range factors {
		tensors, err := net.Select(f.name)
		if err != nil {
			return nil, fmt.Errorf("--lr-scale: %w", err)
		}
		for _, t := range tensors {
			by[t.Name] = f.by
		}
	}
	var parts []optimizer.Part
	for _, t := range net.Tensors() {
		if f, ok := by[t.Name]; ok && !t.Running {
			parts = append(parts, optimizer.Part{From: t.Offset, To: t.Offset + len(t.Data), Factor: f})
		}
	}
	return parts, nil
}
