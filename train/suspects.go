package train

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/metrics"
)

// Suspect is a training row whose label a model does not believe.
type Suspect struct {
	ID          int     // number of the row in the files
	Place       string  // file and line
	Label       string  // as given
	Believed    string  // the most probable class
	Loss        float64 // -log of the label's probability
	Probability float64 // of the label
	Flipped     bool    // known to be wrong: the label noise of the configuration
}

// Suspicion is how a model sees the labels of its training rows.
type Suspicion struct {
	Rows     int       // that were looked at
	Suspects []Suspect // the highest losses first, at most as many as asked for
	// Flipped is the number of labels that the configuration's noise has changed,
	// and Detection the AUROC of the loss as a sign of them: the chance that a
	// wrong label has a higher loss than a right one. NaN without noise.
	Flipped   int
	Detection float64
}

// Suspects reads a model file and looks at the rows it was trained on, which
// cfg names: the most suspicious ones, at most so many. The loss is that of the
// corrected probabilities for the class frequencies of training, so that a rare
// class is not suspicious for being rare. cache is as in [EvaluateOptions].
func Suspects(ctx context.Context, path string, cfg Config, cache string, most int) (*Suspicion, error) {
	if err := cfg.Validate(); err != nil {
		return nil, usage(err)
	}
	m, err := LoadModel(path)
	if err != nil {
		return nil, usage(err)
	}
	data, err := m.open(ctx, cfg, cache)
	if err != nil {
		return nil, usage(err)
	}
	wrong, err := m.flipped(ctx, cfg, cache, data)
	if err != nil {
		return nil, err
	}
	scores, err := m.scores(ctx, data.Train, cfg.Shards)
	if err != nil {
		return nil, err
	}
	all := make([]Suspect, scores.Len())
	losses := make([]float64, scores.Len())
	probs := make([]float64, scores.Classes)
	for i, label := range scores.Labels {
		m.Readout.Probabilities(probs, scores.Row(i), nil)
		best := 0
		for k, p := range probs {
			if p > probs[best] {
				best = k
			}
		}
		all[i] = Suspect{
			ID: data.Train.ID(i), Label: data.Classes[label], Believed: data.Classes[best],
			Loss: -detmath.Log(max(probs[label], 1e-300)), Probability: probs[label], Flipped: wrong[i],
		}
		losses[i] = all[i].Loss
	}
	s := &Suspicion{Rows: len(all), Detection: math.NaN()}
	for _, w := range wrong {
		if w {
			s.Flipped++
		}
	}
	if s.Flipped > 0 {
		s.Detection = metrics.Rank(losses, wrong).AUROC(nil)
	}
	slices.SortStableFunc(all, func(a, b Suspect) int { return cmp.Compare(b.Loss, a.Loss) })
	s.Suspects = all[:min(max(most, 0), len(all))]
	for i := range s.Suspects {
		s.Suspects[i].Place = data.Place(s.Suspects[i].ID)
	}
	return s, nil
}

// flipped tells for each training row whether the configuration's label noise
// has changed its label.
func (m *Model) flipped(ctx context.Context, cfg Config, cache string, data *dataset.Data) ([]bool, error) {
	wrong := make([]bool, data.Train.Len())
	if cfg.LabelNoise == "" {
		return wrong, nil
	}
	cfg.LabelNoise, cfg.ValFraction = "", 0 // which rows validate depends on their labels
	clean, err := m.open(ctx, cfg, cache)
	if err != nil {
		return nil, usage(err)
	}
	label := map[int]int32{}
	for i := range clean.Train.Len() {
		label[clean.Train.ID(i)] = clean.Train.Label(i)
	}
	for i := range wrong {
		was, ok := label[data.Train.ID(i)]
		wrong[i] = ok && was != data.Train.Label(i)
	}
	return wrong, nil
}
