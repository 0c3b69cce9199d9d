package metrics

import (
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// Correction turns logits into probabilities that can be trusted:
//
//	p = softmax(Scale·z + Strength·log π),   π_k = n_k/n of the training rows
//
// Scale is one over the temperature of Guo et al. ("On Calibration of Modern
// Neural Networks", ICML 2017). Strength puts back the class frequencies that
// a loss or a weighting has taken out: logit adjustment by τ takes out τ·log π
// (Menon et al., ICLR 2021), class weights a part of it, plain training
// nothing.
type Correction struct {
	Scale    float64 `json:"scale"`
	Strength float64 `json:"strength"`
	// Prior is π, > 0 for every class and 1 in sum.
	Prior []float64 `json:"prior"`
	// Rows is the number of validation rows that Scale and Strength were fitted
	// on; 0: they are those of the method's formula.
	Rows int `json:"rows"`
}

// Prior returns the class frequencies of so many rows of each class, or of sums of
// their weights. A class without rows counts half a row, so that its logarithm is
// finite.
func Prior(counts []float64) []float64 {
	prior := make([]float64, len(counts))
	var sum float64
	for k, n := range counts {
		if prior[k] = n; n == 0 {
			prior[k] = 0.5
		}
		sum += prior[k]
	}
	for k := range prior {
		prior[k] /= sum
	}
	return prior
}

// Shift returns what is added to Scale·z where the classes are as frequent as
// in use; nil use is as in training.
func (c Correction) Shift(use []float64) []float64 {
	shift := make([]float64, len(c.Prior))
	for k, p := range c.Prior {
		log := detmath.Log(p)
		shift[k] = float64(c.Strength * log)
		if use != nil {
			shift[k] += detmath.Log(use[k]) - log
		}
	}
	return shift
}

const (
	// fitSteps is more than Newton's method takes: it squares the error.
	fitSteps = 50
	// fitTolerance is the size of the gradient at which the fit ends.
	fitTolerance = 1e-10
)

// Fit returns the correction with the least log-loss on s, which must be of
// rows with the class frequencies of training. It starts at c, and stays there
// as far as the rows do not say otherwise: c weighs as much as one of them,
// which keeps the scale finite where all rows are decided right. The problem is
// convex, so there is one answer; sums are in the order of the rows.
func (c Correction) Fit(s Scores) Correction {
	s.check()
	if s.Len() == 0 {
		return c
	}
	f := fit{s: s, start: c, log: make([]float64, len(c.Prior)), probs: make([]float64, s.Classes)}
	for k, p := range c.Prior {
		f.log[k] = detmath.Log(p)
	}
	at := [2]float64{c.Scale, c.Strength}
	here := f.at(at)
	for range fitSteps {
		if math.Abs(here.slope[0])+math.Abs(here.slope[1]) < fitTolerance {
			break
		}
		next, there, ok := f.advance(at, here)
		if !ok {
			break
		}
		at, here = next, there
	}
	c.Scale, c.Strength, c.Rows = at[0], at[1], s.Len()
	return c
}

// fit is the problem: the mean log-loss in (scale, strength).
type fit struct {
	s     Scores
	start Correction
	log   []float64
	probs []float64
}

// point is the loss at one place, with its derivatives.
type point struct {
	loss  float64
	slope [2]float64
	curve [3]float64 // d²/da², d²/dads, d²/ds²
}

func (f *fit) at(x [2]float64) point {
	var p point
	shift := make([]float64, len(f.log))
	for k, l := range f.log {
		shift[k] = float64(x[1] * l)
	}
	for i, label := range f.s.Labels {
		p.add(f, f.s.Row(i), label, x[0], shift)
	}
	n := float64(f.s.Len())
	da, ds := x[0]-f.start.Scale, x[1]-f.start.Strength
	p.loss = (p.loss + (float64(da*da)+float64(ds*ds))/2) / n
	p.slope[0] = (p.slope[0] + da) / n
	p.slope[1] = (p.slope[1] + ds) / n
	p.curve[0] = (p.curve[0] + 1) / n
	p.curve[1] /= n
	p.curve[2] = (p.curve[2] + 1) / n
	return p
}

// add adds one row: mean and covariance of (z, log π) under p.
func (p *point) add(f *fit, z []float32, label int32, scale float64, shift []float64) {
	Softmax(f.probs, z, scale, shift)
	if f.probs[0] != f.probs[0] {
		return // a model that has run away says nothing about calibration
	}
	p.loss += -detmath.Log(max(f.probs[label], leastProbability))
	var mz, ml float64
	for k, q := range f.probs {
		mz += float64(q * float64(z[k]))
		ml += float64(q * f.log[k])
	}
	p.slope[0] += mz - float64(z[label])
	p.slope[1] += ml - f.log[label]
	for k, q := range f.probs {
		dz, dl := float64(z[k])-mz, f.log[k]-ml
		p.curve[0] += float64(q * float64(dz*dz))
		p.curve[1] += float64(q * float64(dz*dl))
		p.curve[2] += float64(q * float64(dl*dl))
	}
}

// advance takes a step of Newton's method, halved until the loss falls.
func (f *fit) advance(at [2]float64, here point) (next [2]float64, there point, ok bool) {
	a, b, d := here.curve[0], here.curve[1], here.curve[2]
	det := float64(a*d) - float64(b*b) // > 0: a covariance plus 1/n on its diagonal
	step := [2]float64{
		(float64(d*here.slope[0]) - float64(b*here.slope[1])) / det,
		(float64(a*here.slope[1]) - float64(b*here.slope[0])) / det,
	}
	for size := 1.0; size > 1e-6; size /= 2 {
		next = [2]float64{at[0] - float64(size*step[0]), at[1] - float64(size*step[1])}
		if next[0] <= 0 {
			continue // probabilities would stand on their head
		}
		if there = f.at(next); there.loss < here.loss {
			return next, there, true
		}
	}
	return at, here, false
}
