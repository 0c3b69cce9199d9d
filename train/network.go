package train

import (
	"fmt"

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
	_, err := model.ParseEmbedding(c.Embed)
	failed("embed", err)
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
func (c Config) network(data *dataset.Data) (model.Config, error) {
	m, err := ParseMethod(c.Method)
	if err != nil {
		return model.Config{}, err
	}
	fields, err := c.fields(data)
	return model.Config{
		Arch: c.Model, Input: data.Shape, Classes: len(data.Classes), Fields: fields,
		Norm: c.Norm, Ensemble: c.Ensemble, Dropout: float32(c.Dropout), Cosine: float32(m.cosine()), Seed: c.Seed,
	}, err
}

// fields says how the network takes in the columns of a table, fitted on the
// training rows; nil if it takes the values as they are.
func (c Config) fields(data *dataset.Data) ([]model.Field, error) {
	if c.Embed == "none" {
		return nil, nil
	}
	e, err := model.ParseEmbedding(c.Embed)
	if err != nil {
		return nil, fmt.Errorf("--embed: %w", err)
	}
	if data.Kind != dataset.Table {
		return nil, fmt.Errorf("--embed %s: the data are images; embeddings are for columns of a table", c.Embed)
	}
	columns := columnsOf(data.Train, data.Features())
	var fields []model.Field
	at := 0
	for i := range data.Prep.Features {
		f := &data.Prep.Features[i]
		switch {
		case f.IsCategory():
			fields = append(fields, e.Category(f.Width()))
		case f.Width() == 1:
			fields = append(fields, e.Number(columns[at], labelsOf(data.Train), len(data.Classes)))
		default: // a number that may be missing, and then is 0 beside a flag
			values, labels := present(columns[at], columns[at+1], data.Train)
			fields = append(fields, e.Number(values, labels, len(data.Classes)), model.Field{Values: f.Width() - 1})
		}
		at += f.Width()
	}
	return fields, nil
}

// columnsOf returns the values of a set, column by column.
func columnsOf(set *dataset.Set, width int) [][]float32 {
	columns := make([][]float32, width)
	row := make([]float32, width)
	for i := range set.Len() {
		set.Read(row, i)
		for j, x := range row {
			columns[j] = append(columns[j], x)
		}
	}
	return columns
}

func labelsOf(set *dataset.Set) []int32 {
	labels := make([]int32, set.Len())
	for i := range labels {
		labels[i] = set.Label(i)
	}
	return labels
}

// present returns the values that are not missing, and their labels.
func present(values, missing []float32, set *dataset.Set) (kept []float32, labels []int32) {
	for i, x := range values {
		if missing[i] == 0 {
			kept, labels = append(kept, x), append(labels, set.Label(i))
		}
	}
	return kept, labels
}
