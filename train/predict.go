package train

import (
	"context"
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/dataset"
)

// Prediction is what a model says of one row.
type Prediction struct {
	Row       int       // number in the order of the files, from 0
	Class     int       // what is decided
	Probs     []float64 // of the classes, corrected
	Confident bool      // false: the model gives no numbers, and Class means nothing
	Kept      []string  // the cells of PredictOptions.Keep
}

// PredictOptions says how probabilities are meant.
type PredictOptions struct {
	// Prior are the class frequencies where the rows come from: train, balanced
	// or NAME=FREQUENCY for each class; empty is what the model was trained for.
	Prior string
	// Raw gives softmax(logits), as trained, without any correction.
	Raw bool
	// Keep are columns of the table, by name or index, whose cells are handed on
	// as they are written.
	Keep []string
	// Strict refuses rows with a category that the model has no value for; else
	// Warn is told of them. Warn may be nil.
	Strict bool
	Warn   func(sentence string)
	// Cache is as in [EvaluateOptions].
	Cache string
}

// Predict reads a model file and calls each with what it says of every row of
// the table that cfg names, in the order of the files. The table needs the
// columns of the features; labels are not looked at. begin is called
// before, with the names of the classes.
func Predict(ctx context.Context, path string, cfg Config, o PredictOptions, begin func(classes []string) error, each func(Prediction) error) error {
	m, err := LoadModel(path)
	if err != nil {
		return usage(err)
	}
	spec := dataset.Spec{ // of cfg only how a file is read: the model says what columns are
		Data: cfg.Data, Header: cfg.Header, Separator: cfg.Separator, Missing: cfg.Missing,
		Prep: &m.Prep, Unlabelled: true, Cache: o.Cache,
	}
	if m.Prep.Kind != dataset.Table || !strings.Contains(cfg.Data, ":") || strings.HasPrefix(cfg.Data, "idx:") {
		return usage(fmt.Errorf("--data %s: predictions are made for the rows of a table, by a model of a table (this one is of kind %q)", cfg.Data, m.Prep.Kind))
	}
	data, err := dataset.Open(ctx, spec)
	if err != nil {
		return usage(err)
	}
	if err := o.tell(data.Warnings); err != nil {
		return usage(err)
	}
	var kept [][]string
	if o.Keep != nil {
		if kept, err = dataset.Texts(ctx, spec, o.Keep); err != nil {
			return usage(fmt.Errorf("--keep: %w", err))
		}
	}
	readout, err := m.readoutFor(o)
	if err != nil {
		return usage(err)
	}
	scores, err := m.scores(ctx, data.Test, max(1, cfg.Shards))
	if err != nil {
		return err
	}
	if err := begin(data.Classes); err != nil {
		return err
	}
	p := Prediction{Probs: make([]float64, len(data.Classes)), Kept: make([]string, len(kept))}
	for i := range scores.Len() {
		p.Row = data.Test.ID(i)
		for k := range kept {
			p.Kept[k] = kept[k][p.Row]
		}
		p.Class, p.Confident = readout.decide(scores.Row(i))
		readout.Probabilities(p.Probs, scores.Row(i), readout.Use)
		if err := each(p); err != nil {
			return err
		}
	}
	return nil
}

// tell hands on what is odd about the rows, or makes an error of it.
func (o PredictOptions) tell(odd []string) error {
	if o.Strict && len(odd) > 0 {
		return fmt.Errorf("--strict: %s", strings.Join(odd, "; "))
	}
	for _, sentence := range odd {
		if o.Warn != nil {
			o.Warn(sentence)
		}
	}
	return nil
}

// readoutFor returns the model's readout as the options want it.
func (m *Model) readoutFor(o PredictOptions) (Readout, error) {
	r := m.Readout
	if o.Raw {
		plain := plainReadout(m.Arch.Classes)
		plain.Decision = r.Decision
		return plain, nil
	}
	if o.Prior == "" {
		return r, nil
	}
	if err := checkPrior(o.Prior); err != nil || o.Prior == "auto" {
		return r, fmt.Errorf("--prior %s: want train, balanced, or CLASS=FREQUENCY,... with a frequency above 0 for each class", o.Prior)
	}
	use, err := Config{Prior: o.Prior}.use(m.Prep.Classes)
	r.Use = use
	return r, err
}
