package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
)

var nan = math.NaN()

// Readout says how a model's logits become a decision and probabilities. It is
// stored in the model file.
//
// The two are apart. The decision is by the logits as the method has trained
// them, which is what the figures of decisions are about: logit adjustment
// decides for balanced classes. The probabilities say how often each class is
// the true one where the model is used: what the method has taken out of the
// class frequencies is put back, and they are softened or sharpened until they
// are right on the validation rows.
type Readout struct {
	// Correction leads to the probabilities for the class frequencies of
	// training.
	metrics.Correction
	// Use are the class frequencies where the model is used; nil: as in
	// training.
	Use []float64 `json:"use,omitempty"`
	// Decision is added to the logits before the largest decides; nil: nothing.
	Decision []float64 `json:"decision,omitempty"`
}

// plainReadout is that of a model of which nothing is known: softmax(logits).
func plainReadout(classes int) Readout {
	prior := make([]float64, classes)
	for k := range prior {
		prior[k] = 1 / float64(classes)
	}
	return Readout{Correction: metrics.Correction{Scale: 1, Prior: prior}}
}

// Probabilities sets dst to the probabilities of the classes where they are as
// frequent as use says; nil: as in training.
func (r Readout) Probabilities(dst []float64, logits []float32, use []float64) {
	metrics.Softmax(dst, logits, r.Scale, r.Shift(use))
}

// decide returns the class that the logits are decided for; ok is false if they
// are no numbers.
func (r Readout) decide(logits []float32) (class int, ok bool) {
	class = metrics.Decide(logits, r.Decision)
	return max(class, 0), class >= 0
}

// measure returns the report of scores whose rows have the class frequencies
// use: figures of decisions by the readout's decision, and the calibration of
// its probabilities beside that of softmax(logits).
func (r Readout) measure(s metrics.Scores, setup metrics.Setup, use []float64) Metrics {
	return metrics.Of(s, r.setup(setup, use))
}

// setup returns how the readout has it measured.
func (r Readout) setup(setup metrics.Setup, use []float64) metrics.Setup {
	setup.Shift, setup.Corrected = r.Decision, &metrics.Softening{Scale: r.Scale, Shift: r.Correction.Shift(use)}
	return setup
}

// fitReadout starts from the method's formula and fits what there is to the
// validation rows, which may be none.
func (j *job) fitReadout(val metrics.Scores) (Readout, error) {
	method, err := ParseMethod(j.cfg.Method)
	if err != nil {
		return Readout{}, err
	}
	in := j.ingredients()
	r := Readout{Correction: metrics.Correction{Scale: 1, Strength: method.strength(in), Prior: metrics.Prior(in.Mass)}}
	r.Correction = r.Fit(val)
	if r.Use, err = j.cfg.use(j.data.Classes); err != nil {
		return r, err
	}
	if j.cfg.Decide != "raw" && val.Len() > 0 {
		m, err := metrics.Parse(j.cfg.Decide)
		if err != nil {
			return r, err
		}
		_, r.Decision = metrics.ChooseShift(val, of(j.setup, j.data.Val), r.Prior, m)
	}
	return r, nil
}

// checkPrior refuses what cannot be --prior for any classes.
func checkPrior(text string) error {
	switch text {
	case "auto", "train", "balanced":
		return nil
	}
	for word := range strings.SplitSeq(text, ",") {
		at := strings.LastIndexByte(word, '=')
		x, err := strconv.ParseFloat(word[at+1:], 64)
		if at < 1 || err != nil || !(x > 0) || x > 1e300 {
			return fmt.Errorf("%q: want auto, train, balanced, or CLASS=FREQUENCY,... with a frequency above 0 for each class", text)
		}
	}
	return nil
}

// priorOf returns what --prior auto means for data of a kind. The images that
// are thinned to a long tail are balanced sets: their test part is that of a
// balanced world. Of a table nothing of the kind is known.
func (c Config) priorOf(kind dataset.Kind) string {
	thinned := c.LongTail > 1 || c.LongTail == 0 && c.Data == "glyphs"
	if kind == dataset.Image && thinned {
		return "balanced"
	}
	return "train"
}

// use returns the class frequencies that a resolved --prior means; nil: as in
// training.
func (c Config) use(classes []string) ([]float64, error) {
	uniform := plainReadout(len(classes)).Prior
	switch c.Prior {
	case "train":
		return nil, nil
	case "balanced":
		return uniform, nil
	}
	use := make([]float64, len(classes))
	var sum float64
	for word := range strings.SplitSeq(c.Prior, ",") {
		at := strings.LastIndexByte(word, '=')
		k := slices.Index(classes, strings.TrimSpace(word[:at]))
		if k < 0 {
			return nil, fmt.Errorf("--prior %s: no class %q; the classes are %s", c.Prior, word[:at], listed(classes))
		}
		x, err := strconv.ParseFloat(word[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("--prior: %w", err)
		}
		sum += x - use[k]
		use[k] = x
	}
	for k := range use {
		if use[k] == 0 {
			return nil, fmt.Errorf("--prior %s: class %s is missing", c.Prior, classes[k])
		}
		use[k] /= sum
	}
	return use, nil
}

// parseReadout reads what a model file holds; "" is from before there was one.
func parseReadout(text string, classes int) (Readout, error) {
	if text == "" {
		return plainReadout(classes), nil
	}
	var r Readout
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, err
	}
	for _, v := range [][]float64{r.Prior, r.Use} {
		for _, p := range v {
			if !(p > 0 && p <= 1) {
				return r, fmt.Errorf("a class frequency is %v, expected more than 0", p)
			}
		}
	}
	switch {
	case len(r.Prior) != classes || r.Use != nil && len(r.Use) != classes || r.Decision != nil && len(r.Decision) != classes:
		return r, fmt.Errorf("it is not of %d classes", classes)
	case !(r.Scale > 0):
		return r, errors.New("its scale is not above 0")
	}
	return r, nil
}
