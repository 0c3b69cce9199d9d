package train

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	_, _, err = parseTextSize(c.TextSize)
	failed("text-size", err)
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
		Norm: c.Norm, Ensemble: c.Ensemble, Dropout: float32(c.Dropout), InitScale: c.InitScale, Cosine: float32(m.cosine()), Seed: c.Seed,
	}, err
}

// fields says how the network takes in the columns of a table, fitted on the
// training rows; nil if it takes the values as they are.
func (c Config) fields(data *dataset.Data) ([]model.Field, error) {
	texts := slices.ContainsFunc(data.Prep.Features, func(f dataset.Feature) bool { return f.IsText() })
	if c.Embed == "none" && !texts {
		return nil, nil
	}
	_, width, err := parseTextSize(c.TextSize)
	if err != nil {
		return nil, fmt.Errorf("--text-size: %w", err)
	}
	e, err := model.ParseEmbedding(c.Embed)
	if err != nil {
		return nil, fmt.Errorf("--embed: %w", err)
	}
	if data.Kind != dataset.Table {
		return nil, fmt.Errorf("--embed %s: the data are images; embeddings are for columns of a table", c.Embed)
	}
	columns := columnsOf(data)
	var fields []model.Field
	at := 0
	for i := range data.Prep.Features {
		f := &data.Prep.Features[i]
		switch {
		case f.IsText():
			fields = append(fields, e.Text(f.Width(), width))
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

// parseTextSize reads BUCKETSxWIDTH.
func parseTextSize(word string) (buckets, width int, err error) {
	b, w, _ := strings.Cut(word, "x")
	buckets, err1 := strconv.Atoi(b)
	width, err2 := strconv.Atoi(w)
	if err1 != nil || err2 != nil || buckets < 2 || buckets > dataset.MaxBuckets || width < 1 || width > 1024 {
		return 0, 0, fmt.Errorf("%q: want BUCKETSxWIDTH, 2 to %d and 1 to 1024, as in 4096x16", word, dataset.MaxBuckets)
	}
	return buckets, width, nil
}

// columnsOf returns the training values of the numbers, which come before all
// else, column by column.
func columnsOf(data *dataset.Data) [][]float32 {
	width := 0
	for i := range data.Prep.Features {
		if f := &data.Prep.Features[i]; !f.IsCategory() && !f.IsText() {
			width += f.Width()
		}
	}
	columns := make([][]float32, width)
	row := make([]float32, data.Features())
	for i := range data.Train.Len() {
		data.Train.Read(row, i)
		for j, x := range row[:width] {
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
