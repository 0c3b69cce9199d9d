package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/internal/rng"
	"github.com/ballast-ml/ballast/internal/stats"
	"github.com/ballast-ml/ballast/model"
)

// ImportanceOptions says how the columns of a table are weighed against each
// other.
type ImportanceOptions struct {
	// Figure is what is measured; empty: what the run monitors.
	Figure string
	// Repeats is how often each column is shuffled, >= 1.
	Repeats int
	// Samples is the number of bootstrap samples of the intervals, >= 1.
	Samples int
	// Cache is as in [EvaluateOptions].
	Cache string
}

// Importance is what a figure loses when a column no longer tells of its row.
type Importance struct {
	Column string `json:"column"`
	// Drop is the mean over the repeats, > 0 where the figure becomes worse, and
	// Deviation that of the repeats.
	Drop      Num `json:"drop"`
	Deviation Num `json:"deviation"`
	// Interval holds with 95 % what other test rows and another shuffling would
	// have given.
	Interval metrics.Interval `json:"interval"`
}

// Importances are those of all columns of a model, the largest drop first.
type Importances struct {
	ModelSHA256 string       `json:"model_sha256"`
	Figure      string       `json:"figure"`
	Value       Num          `json:"value"` // with all columns as they are
	Rows        int          `json:"rows"`
	Repeats     int          `json:"repeats"`
	Columns     []Importance `json:"columns"`
}

// Permute reads a model file of a table and finds the permutation importance
// (Breiman, "Random Forests", Machine Learning 45, 2001) of each of its columns on
// the test part of the data that cfg names: all that the model sees of a column
// is shuffled among the rows. Shuffles and samples are those of the run's seed,
// the same for all columns.
func Permute(ctx context.Context, path string, cfg Config, o ImportanceOptions) (*Importances, error) {
	if err := cfg.Validate(); err != nil {
		return nil, usage(err)
	}
	by, err := metrics.Parse(cmp.Or(o.Figure, cfg.Monitor))
	if err != nil {
		return nil, usage(fmt.Errorf("--figure: %w", err))
	}
	m, err := LoadModel(path)
	if err != nil {
		return nil, usage(err)
	}
	if m.Prep.Kind != dataset.Table {
		return nil, usage(errors.New("importance is that of columns: the model is not of a table"))
	}
	data, err := m.open(ctx, cfg, o.Cache)
	if err != nil {
		return nil, usage(err)
	}
	setup, err := cfg.setup(data.Classes, data.Train.Counts())
	if err != nil {
		return nil, usage(err)
	}
	p := newProber(m, data.Test, of(m.Readout.setup(setup, m.Readout.Use), data.Test), by)
	defer p.crew.close()
	p.seed, p.repeats, p.samples = cfg.Seed, o.Repeats, o.Samples
	out := &Importances{ModelSHA256: m.SHA256, Figure: by.Name, Rows: data.Test.Len(), Repeats: o.Repeats}
	value := metrics.Measure(p.base, p.setup, by)
	if out.Value = Num(value); value != value {
		return nil, usage(fmt.Errorf("--figure %s: the test rows do not define it", by.Name))
	}
	at := 0
	for i := range m.Prep.Features {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		f := &m.Prep.Features[i]
		v := p.column(at, at+f.Width(), value)
		if v.Column = f.Name; v.Column == "" {
			v.Column = fmt.Sprintf("column %d", f.Index)
		}
		out.Columns = append(out.Columns, v)
		at += f.Width()
	}
	slices.SortStableFunc(out.Columns, func(a, b Importance) int { return cmp.Compare(b.Drop, a.Drop) })
	return out, nil
}

// prober measures a model on rows of which one column is another row's.
type prober struct {
	x       []float32 // the rows as they are
	width   int
	base    metrics.Scores // of these
	setup   metrics.Setup
	by      metrics.Metric
	seed    uint64
	repeats int
	samples int
	nets    []*model.Network
	crew    *crew
}

func newProber(m *Model, set *dataset.Set, setup metrics.Setup, by metrics.Metric) *prober {
	p := &prober{width: m.Arch.Input[0], setup: setup, by: by, crew: newCrew(runtime.GOMAXPROCS(0))}
	for range runtime.GOMAXPROCS(0) {
		p.nets = append(p.nets, m.Net.Replica())
	}
	p.x = make([]float32, set.Len()*p.width)
	p.base = metrics.Scores{Classes: m.Arch.Classes, Labels: labelsOf(set)}
	for i := range set.Len() {
		set.Read(p.row(i), i)
	}
	p.base.Logits = p.logits(set.Len(), func(dst []float32, i int) { copy(dst, p.row(i)) })
	return p
}

func (p *prober) row(i int) []float32 { return p.x[i*p.width : (i+1)*p.width] }

// logits are those of n rows, which fill writes.
func (p *prober) logits(n int, fill func(dst []float32, i int)) []float32 {
	out := make([]float32, n*p.base.Classes)
	p.crew.each(len(p.nets), func(part int) {
		lo, hi := dataset.ShardRange(n, len(p.nets), part)
		x := make([]float32, min(evaluationRows, hi-lo)*p.width)
		for first := lo; first < hi; first += evaluationRows {
			rows := min(evaluationRows, hi-first)
			for r := range rows {
				fill(x[r*p.width:(r+1)*p.width], first+r)
			}
			copy(out[first*p.base.Classes:], p.nets[part].Logits(model.Pass{}, x[:rows*p.width], rows))
		}
	})
	return out
}

// column measures what is lost without the values [lo, hi) of the rows.
func (p *prober) column(lo, hi int, value float64) Importance {
	var v Importance
	drops := make([]float64, p.repeats)
	resampled := make([]float64, p.samples)
	swapped := p.swaps(lo, hi)
	for r := range p.repeats {
		shuffled := swapped.scores(p.shuffle(r))
		drops[r] = p.worse(value, metrics.Measure(shuffled, p.setup, p.by))
		var mine []int // each sample of rows meets one of the shuffles
		for b := r; b < p.samples; b += p.repeats {
			mine = append(mine, b)
		}
		as := metrics.Resample(p.base, p.setup, p.by, mine, p.seed)
		without := metrics.Resample(shuffled, p.setup, p.by, mine, p.seed)
		for i, b := range mine {
			resampled[b] = p.worse(as[i], without[i])
		}
	}
	v.Drop, v.Deviation = Num(stats.Mean(drops)), Num(stats.Deviation(drops))
	resampled = slices.DeleteFunc(resampled, func(x float64) bool { return x != x })
	slices.Sort(resampled)
	v.Interval = metrics.Interval{Low: Num(metrics.Quantile(resampled, 0.025)), High: Num(metrics.Quantile(resampled, 0.975))}
	return v
}

// worse is by how much a figure has become worse.
func (p *prober) worse(was, is float64) float64 {
	if p.by.Lower {
		return is - was
	}
	return was - is
}

// shuffle returns a permutation of the rows: whose values each row gets.
func (p *prober) shuffle(repeat int) []int32 {
	order := make([]int32, p.base.Len())
	stream := rng.New(p.seed, rng.Permute, uint64(repeat))
	for i := range order {
		j := stream.IntN(uint64(i), i+1)
		order[i] = order[j]
		order[j] = int32(i)
	}
	return order
}

// swaps are the logits of the rows with other values in a column. A row that
// gets its own value has the logits it had; and where a column has few values,
// no pair of a row and a value goes through the network twice.
type swaps struct {
	p      *prober
	lo, hi int
	code   []int32 // of each row: the first row with the same value
	few    bool
	known  map[[2]int32][]float32
}

func (p *prober) swaps(lo, hi int) *swaps {
	m := &swaps{p: p, lo: lo, hi: hi, code: make([]int32, p.base.Len()), known: map[[2]int32][]float32{}}
	first := map[string]int32{}
	for i := range m.code {
		key := fmt.Sprint(p.row(i)[lo:hi])
		if _, seen := first[key]; !seen {
			first[key] = int32(i)
		}
		m.code[i] = first[key]
	}
	m.few = len(first) <= 2*p.repeats
	return m
}

// scores are those of the rows, each with the column of another.
func (m *swaps) scores(order []int32) metrics.Scores {
	p := m.p
	s := metrics.Scores{Classes: p.base.Classes, Labels: p.base.Labels, Logits: slices.Clone(p.base.Logits)}
	var todo [][2]int32
	for i, from := range order {
		pair := [2]int32{int32(i), m.code[from]}
		if pair[1] == m.code[i] {
			continue
		}
		if z, ok := m.known[pair]; ok {
			copy(s.Logits[i*s.Classes:], z)
			continue
		}
		todo = append(todo, pair)
	}
	z := p.logits(len(todo), func(dst []float32, k int) {
		copy(dst, p.row(int(todo[k][0])))
		copy(dst[m.lo:m.hi], p.row(int(todo[k][1]))[m.lo:m.hi])
	})
	for k, pair := range todo {
		row := z[k*s.Classes : (k+1)*s.Classes]
		copy(s.Logits[int(pair[0])*s.Classes:], row)
		if m.few {
			m.known[pair] = row
		}
	}
	return s
}
