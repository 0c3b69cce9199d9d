package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/logsum"
)

// ABSGDConfig says how ABSGD weighs.
type ABSGDConfig struct {
	// Lambda is the temperature over the run.
	Lambda Lambda
	// Gamma is the rate of the moving average u, in (0, 1]; 1 keeps no history.
	Gamma float64
	// Alpha scales u, > 0: all weights are divided by it.
	Alpha float64
	// FromZero starts the moving average at u = 0, as the authors' code does:
	// the weights of the first step then sum to 1/(γα). Otherwise u starts at
	// the first batch's own value, and they sum to 1/α from the start.
	FromZero bool
	// Size, in (0, 1], chooses the size of λ in each step, wherever it is
	// finite, such that the effective sample size (Σe)²/Σe² of e_i = exp(ℓ_i/λ)
	// is this fraction of the batch; 1 is plain averaging. The schedule gives the
	// sign of λ and when it counts. There is no moving average then. 0 takes λ as
	// it is.
	Size float64
	// Floor adds 1/B to every weight while λ is finite: the noisy-label
	// variant.
	Floor bool
	// Batch is the size of a full global batch. A batch of another size moves
	// u at the rate 1-(1-γ)^(size/Batch), so that history fades by the sample
	// and not by the step. 0 uses γ for every batch.
	Batch int
	// ClassWeights, one for each class, multiply the loss before everything
	// else, in the exponent and outside, from the fraction ClassesFrom of the
	// run on; nil for none.
	ClassWeights []float64
	ClassesFrom  float64
}

// ABSGD is attentional-biased stochastic gradient descent (Qi, Xu, Yin, Jin and
// Yang, TMLR 2023, arXiv 2012.06951): the weight of a sample is exponential in
// its own loss,
//
//	ge  = (1/B) Σ_i exp(ℓ_i/λ)         over the global batch
//	u   = (1-γ)·u + γ·α·ge
//	w_i = exp(ℓ_i/λ) / (u·B)           in total at most 1/(γα)
//
// computed in the log domain and float64, so that losses of 1e4 at λ = ±0.01
// are no trouble. λ > 0 favours hard samples (imbalance), λ < 0 easy ones (label
// noise). While λ is +Inf averaging is plain and u does not exist; u is in units
// of exp(ℓ/λ), so that it starts anew whenever λ changes.
//
// A sample of weight v_i of its own counts as so many copies: e^{ℓ_i/λ} is
// v_i·e^{ℓ_i/λ} everywhere.
//
// The state is u, and is the same on every node: it depends on the global batch
// only.
type ABSGD struct {
	cfg     ABSGDConfig
	classes classes
	avg     average // committed

	n     normaliser
	g     gathered
	terms [][]float64 // e^{a_i-m_s} by local shard
	next  []float64
}

var _ Eager = (*ABSGD)(nil)

// NewABSGD returns the weighter, or an error that lists all that is wrong with
// cfg.
func NewABSGD(cfg ABSGDConfig) (*ABSGD, error) {
	var errs []error
	if err := cfg.Lambda.validate(); err != nil {
		errs = append(errs, fmt.Errorf("optimizer: %w", err))
	}
	if !(cfg.Gamma > 0 && cfg.Gamma <= 1) {
		errs = append(errs, fmt.Errorf("optimizer: gamma is %v, want a number in (0, 1]", cfg.Gamma))
	}
	if !(cfg.Alpha > 0) || math.IsInf(cfg.Alpha, 1) {
		errs = append(errs, fmt.Errorf("optimizer: alpha is %v, want a number > 0", cfg.Alpha))
	}
	if !(cfg.Size >= 0 && cfg.Size <= 1) {
		errs = append(errs, fmt.Errorf("optimizer: the effective sample size is %v of the batch, want a fraction in (0, 1], or 0 for none", cfg.Size))
	}
	if cfg.Batch < 0 {
		errs = append(errs, fmt.Errorf("optimizer: the full batch has %d samples, want at least 1, or 0 for none", cfg.Batch))
	}
	c, err := newClasses(cfg.ClassWeights, cfg.ClassesFrom)
	if err != nil {
		errs = append(errs, err)
	}
	return &ABSGD{cfg: cfg, classes: c}, errors.Join(errs...)
}

// Weigh computes the weights: q_i = e^{a_i-m_s}·c_{y_i} with a_i = ℓ_i/λ and m_s
// the shard's own maximum, and f_s = e^{m_s-log u-log B}. A shard far below the
// global maximum may have f_s = 0. A label without a class weight panics.
func (w *ABSGD) Weigh(ctx context.Context, at At, local []Shard, r Reducer) (Outcome, error) {
	if w.sized(at) {
		return w.weighSized(ctx, at, local, r)
	}
	return weigh(ctx, w, at, local, r)
}

// Prepare is the first half of Weigh. There is none where q depends on all
// losses: with a floor under the weights, and where the batch chooses λ.
func (w *ABSGD) Prepare(at At, local []Shard) ([][3]float64, bool) {
	if w.cfg.Floor || w.sized(at) {
		return nil, false
	}
	return w.prepare(at, local), true
}

func (w *ABSGD) prepare(at At, local []Shard) [][3]float64 {
	c := w.classes.at(at)
	w.n.fit(local, c != nil)
	lambda := w.cfg.Lambda.At(at)
	for len(w.terms) < len(local) {
		w.terms = append(w.terms, nil)
	}
	for s := range local {
		if math.IsInf(lambda, 1) {
			w.n.triples[s] = sumOf(float64(len(local[s].Losses)), len(local[s].Losses))
			spread(local[s], nil, c)
			continue
		}
		w.terms[s] = exponents(w.terms[s], local[s], lambda, c)
		w.n.triples[s] = logsum.Terms(w.terms[s])
		spread(local[s], w.terms[s], c)
	}
	return w.n.poisoned(local)
}

// Settle is the second half of Weigh.
func (w *ABSGD) Settle(ctx context.Context, at At, local []Shard, total [3]float64, r Reducer) (Outcome, error) {
	if err := finite(ctx, local, total, r); err != nil {
		return Outcome{}, err
	}
	lambda, c := w.cfg.Lambda.At(at), w.classes.at(at)
	next := w.avg.advance(w.cfg, lambda, total)
	w.next = next.append(w.next[:0])
	if math.IsInf(lambda, 1) {
		fill(w.n.factors, float32(1/total[2]))
		o := plain(w.n.factors, total)
		o.next = w.next
		return o, nil
	}
	for s := range local {
		f := next.factor(w.n.triples[s], total)
		if w.cfg.Floor {
			f = raise(local[s], w.terms[s], c, f, 1/total[2])
		}
		w.n.factors[s] = float32(f)
	}
	o := Outcome{Factors: w.n.factors, LogU: next.logU, Lambda: lambda, Rows: int(total[2]), next: w.next}
	if c == nil { // else class weights are in the exponents
		o.Triples = w.n.triples
	}
	return o, nil
}

// Commit makes the outcome's moving average current.
func (w *ABSGD) Commit(o Outcome) { w.avg = averageOf(o.next) }

// State returns 1, log u, λ, or three zeros where there is no u.
func (w *ABSGD) State() []float64 { return w.avg.append(nil) }

// Restore sets the moving average.
func (w *ABSGD) Restore(state []float64) error {
	if len(state) != 3 {
		return fmt.Errorf("optimizer: the state of absgd has %d numbers, want 3: a checkpoint of another method?", len(state))
	}
	started, logU, lambda := state[0], state[1], state[2]
	if logU-logU != 0 || lambda-lambda != 0 || (started != 0) != (lambda != 0) || (started != 0 && started != 1) {
		return fmt.Errorf("optimizer: %v is no state of absgd: want 1, log u and lambda, or three zeros", state)
	}
	w.avg = averageOf(state)
	return nil
}

// exponents fills dst, or a larger slice, with a_i = c_{y_i}·ℓ_i/λ + log v_i, v_i
// the sample's own weight.
func exponents(dst []float64, s Shard, lambda float64, c []float64) []float64 {
	if cap(dst) < len(s.Losses) {
		dst = make([]float64, len(s.Losses))
	}
	dst = dst[:len(s.Losses)]
	for i, l := range s.Losses {
		a := float64(l)
		if c != nil {
			a = float64(a * c[s.Labels[i]])
		}
		dst[i] = a / lambda
		if s.Weights != nil {
			dst[i] += detmath.Log(s.weight(i))
		}
	}
	return dst
}

// spread sets q_i = e_i·c_{y_i}; a nil e stands for the samples' own weights, a nil
// c for ones.
func spread(s Shard, e, c []float64) {
	for i := range s.Q {
		q := s.weight(i)
		if e != nil {
			q = e[i]
		}
		if c != nil {
			q = float64(q * c[s.Labels[i]])
		}
		s.Q[i] = float32(q)
	}
}

// raise changes a shard's weights from f·q_i to f·q_i + c_{y_i}·v_i·floor, kept as
// a product: the new factor is f+floor, and the weight over that is at most c·v
// (or c). Dividing by f instead would overflow where f has underflowed.
func raise(s Shard, e, c []float64, f, floor float64) float64 {
	factor := f + floor
	for i := range s.Q {
		q := (float64(f*e[i]) + float64(floor*s.weight(i))) / factor
		if c != nil {
			q = float64(q * c[s.Labels[i]])
		}
		s.Q[i] = float32(q)
	}
	return factor
}

// average is the moving average u of e^{ℓ/λ}. The zero value has none.
type average struct {
	started bool
	logU    float64
	lambda  float64 // of which logU is the average
}

// advance returns the average after a batch with the given total triple. It is
// the whole of ABSGD's memory, as a pure function.
func (a average) advance(cfg ABSGDConfig, lambda float64, total [3]float64) average {
	if math.IsInf(lambda, 1) {
		return average{}
	}
	rows := total[2]
	logGE := logsum.Log(total) - detmath.Log(rows)
	fresh := detmath.Log(cfg.Alpha) + logGE
	started := a.started && a.lambda == lambda
	if !started && !cfg.FromZero {
		return average{true, fresh, lambda}
	}
	// log(1-γ_t) and log γ_t, with 1-γ_t = (1-γ)^(rows/Batch).
	keep, take := detmath.Log1p(-cfg.Gamma), detmath.Log(cfg.Gamma)
	if cfg.Batch > 0 && int(rows) != cfg.Batch {
		keep = float64(keep * (rows / float64(cfg.Batch)))
		take = detmath.Log(-detmath.Expm1(keep))
	}
	history := math.Inf(-1)
	if started {
		history = keep + a.logU
	}
	return average{true, detmath.LogAddExp(history, take+fresh), lambda}
}

// factor returns f_s = e^{m_s-log u-log B} of a shard with the given triple; 0 if
// it is empty.
func (a average) factor(shard, total [3]float64) float64 {
	return detmath.Exp((shard[0] - a.logU) - detmath.Log(total[2]))
}

// append adds the average to dst as three finite numbers.
func (a average) append(dst []float64) []float64 {
	if !a.started {
		return append(dst, 0, 0, 0)
	}
	return append(dst, 1, a.logU, a.lambda)
}

func averageOf(state []float64) average {
	if state[0] == 0 {
		return average{}
	}
	return average{true, state[1], state[2]}
}
