package study

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/rng"
	"github.com/ballast-ml/ballast/train"
)

// Dimension is one setting that a search varies: it takes one of Values or, if
// there are none, a number from Low to High, drawn evenly over the logarithm.
type Dimension struct {
	// Name is what tables call the setting.
	Name   string
	Values []string
	// Low and High are above 0.
	Low, High float64
	// Set gives settings a value, or says why they do not take it.
	Set func(c *train.Config, value string) error
}

// Value returns the value that a draw from [0, 1) stands for. Numbers have three
// digits, so that they can be typed.
func (d Dimension) Value(draw float64) string {
	if len(d.Values) > 0 {
		return d.Values[int(draw*float64(len(d.Values)))]
	}
	x := float64(d.Low * detmath.Exp(float64(draw*detmath.Log(d.High/d.Low))))
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// usual returns what is searched for a method if nobody says otherwise: the
// learning rate and the weight decay around what they are, within a factor of
// 8, and every option of its words that names values to try.
func usual(base train.Config) ([]Dimension, error) {
	m, err := train.ParseMethod(base.Method)
	if err != nil {
		return nil, &train.UsageError{Err: err}
	}
	dims := []Dimension{
		around("lr", base.LR, func(c *train.Config, x float64) { c.LR = x }),
		around("weight-decay", base.WeightDecay, func(c *train.Config, x float64) { c.WeightDecay = x }),
	}
	for _, w := range train.Words() {
		if w.Name != m.Weighter && w.Name != m.Loss && (w.Name != "cb" || !m.CB) {
			continue
		}
		for _, o := range w.Options {
			if len(o.Try) < 2 {
				continue
			}
			dims = append(dims, Dimension{Name: w.Name + "." + o.Name, Values: o.Try, Set: func(c *train.Config, value string) error {
				c.Method = withOption(c.Method, w.Name, o.Name, value)
				return nil
			}})
		}
	}
	return dims, nil
}

// around is a number between an eighth and eight times of x; 0 stays 0.
func around(name string, x float64, set func(c *train.Config, x float64)) Dimension {
	d := Dimension{Name: name, Low: x / 8, High: x * 8, Set: func(c *train.Config, value string) error {
		v, err := strconv.ParseFloat(value, 64)
		set(c, v)
		return err
	}}
	if x == 0 {
		d.Values = []string{"0"}
	}
	return d
}

// withOption returns the method with an option of one of its words set, in
// place of one that is there.
func withOption(method, word, option, value string) string {
	var pieces []string
	for _, piece := range splitPlus(method) {
		name, rest, bracketed := strings.Cut(piece, "[")
		if name == word {
			var options []string
			if bracketed {
				for _, o := range splitOptions(strings.TrimSuffix(rest, "]")) {
					if key, _, _ := strings.Cut(o, "="); key != option {
						options = append(options, o)
					}
				}
			}
			piece = name + "[" + strings.Join(append(options, option+"="+value), ",") + "]"
		}
		pieces = append(pieces, piece)
	}
	return strings.Join(pieces, "+")
}

// splitPlus cuts a method into its words, at the plus signs outside brackets.
func splitPlus(method string) []string {
	var pieces []string
	depth, start := 0, 0
	for i, c := range method {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '+' && depth == 0:
			pieces = append(pieces, method[start:i])
			start = i + 1
		}
	}
	return append(pieces, method[start:])
}

// splitOptions cuts what is in brackets; a comma within a value is kept.
func splitOptions(inside string) []string {
	var options []string
	for piece := range strings.SplitSeq(inside, ",") {
		if strings.Contains(piece, "=") || len(options) == 0 {
			options = append(options, piece)
		} else {
			options[len(options)-1] += "," + piece
		}
	}
	return options
}

// trial returns the settings of trial number n of a search around base. Trial 0
// is base itself. Draws are by trial
// and dimension alone, so that every method has the same learning rates.
func trial(base train.Config, dims []Dimension, n int, seed uint64) (train.Config, string, error) {
	c := base
	if n == 0 {
		return c, "as given", nil
	}
	var said []string
	for _, d := range dims {
		stream := rng.New(seed, rng.Search, uint64(n), nameHash(d.Name))
		value := d.Value(stream.Float64(0))
		if err := d.Set(&c, value); err != nil {
			return c, "", &train.UsageError{Err: fmt.Errorf("%s %s: %w", d.Name, value, err)}
		}
		said = append(said, d.Name+" "+value)
	}
	return c, strings.Join(said, ", "), nil
}

// nameHash tells dimensions apart (FNV-1a).
func nameHash(name string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(name) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

// resolved returns the settings with what is automatic filled in by the kind of
// the data, but with the method's options still in their brackets.
func resolved(c train.Config, kind dataset.Kind) (train.Config, error) {
	method := c.Method
	r, err := c.Resolve(kind)
	if err != nil {
		return c, &train.UsageError{Err: fmt.Errorf("%s: %w", method, err)}
	}
	// Options in the brackets stay there, where a trial may replace them, and
	// the flags keep what they were.
	r.Method = method
	r.Lambda, r.Gamma, r.Alpha, r.UInit, r.Floor = c.Lambda, c.Gamma, c.Alpha, c.UInit, c.Floor
	r.Tau, r.CBFrom, r.CBBeta = c.Tau, c.CBFrom, c.CBBeta
	return r, nil
}

// bestFirst orders candidates by score, the best first; of equal ones the
// earlier. NaN is last.
func bestFirst(scores []float64, better func(a, b float64) bool) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case better(scores[a], scores[b]):
			return -1
		case better(scores[b], scores[a]):
			return 1
		}
		return 0
	})
	return order
}
