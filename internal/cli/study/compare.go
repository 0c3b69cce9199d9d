package study

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/train"
)

// Comparison is a grid of methods and seeds.
type Comparison struct {
	// Base are the settings that all models share. The split leave:COLUMN stands
	// for all values of the column: each is left out once.
	Base train.Config
	// Methods are what differs; what they stand on is added.
	Methods []string
	// Seeds are those of every method: runs of one seed have the same rows and
	// the same start, so that methods are compared in pairs.
	Seeds []uint64
	// Trials is how many settings are tried for each method, the given ones
	// first. With more than one, those with the best mean of the monitored
	// figure on the validation part count.
	Trials int
	// Rivals are other settings, each a row by itself. They are trained as they
	// are, with every seed, and the given methods are compared with them.
	Rivals []Rival
	// Figures are columns beside the usual ones.
	Figures []string

	domains domains // that are left out in turn
}

// Rival is settings that methods are compared with, under a name of their own.
type Rival struct {
	Name   string
	Config train.Config
}

// Methods returns the methods of a comparison, each behind what it stands on:
// plain training first, and in front of a reweighted method its base loss alone.
func Methods(given []string) ([]string, error) {
	var list []string
	var add func(method string)
	add = func(method string) {
		if base, ok := train.BaseOf(method); ok {
			add(base)
		}
		if !slices.Contains(list, method) {
			list = append(list, method)
		}
	}
	add("erm")
	for _, method := range given {
		if _, err := train.ParseMethod(method); err != nil {
			return nil, &train.UsageError{Err: fmt.Errorf("--methods: %w", err)}
		}
		add(method)
	}
	return list, nil
}

// Run trains what is missing of the comparison and returns its table.
func (c Comparison) Run(ctx context.Context, g *Grid) (*Table, error) {
	monitor, err := c.check()
	if err != nil {
		return nil, err
	}
	methods, err := Methods(c.Methods)
	if err != nil {
		return nil, err
	}
	if c.domains, err = domainsOf(ctx, c.Base, g.Cache); err != nil {
		return nil, err
	}
	var cells []Cell
	said := map[string][]string{}
	for _, method := range methods {
		list, settings, err := c.cells(ctx, g, method)
		if err != nil {
			return nil, err
		}
		cells, said[method] = append(cells, list...), settings
	}
	for _, r := range c.Rivals {
		if slices.Contains(methods, r.Name) {
			return nil, &train.UsageError{Err: fmt.Errorf("rival %s: a method has this name", r.Name)}
		}
		list, err := c.seeded(r.Config, r.Name, 0)
		if err != nil {
			return nil, err
		}
		cells = append(cells, list...)
	}
	// All methods of a seed and a domain one after the other: they share its data.
	bySeed := slices.Clone(cells)
	slices.SortStableFunc(bySeed, func(a, b Cell) int {
		return cmp.Or(slices.Index(c.Seeds, a.Config.Seed)-slices.Index(c.Seeds, b.Config.Seed),
			c.domains.index(a.Domain)-c.domains.index(b.Domain))
	})
	g.Figures = c.Figures
	results, err := g.Run(ctx, bySeed)
	if err != nil {
		return nil, err
	}
	t := &Table{Monitor: monitor, Data: c.Base.Data, Trials: max(1, c.Trials), Columns: columns(c.Base, c.Figures), domains: c.domains}
	for _, method := range methods {
		row := choose(method, results, monitor, len(said[method]))
		row.Settings = said[method][row.Trial]
		row.Given = slices.Contains(c.Methods, method)
		t.Rows = append(t.Rows, row)
	}
	for _, r := range c.Rivals {
		row := choose(r.Name, results, monitor, 1)
		row.Settings, row.Rival = "as given", true
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (c Comparison) check() (metrics.Metric, error) {
	m, err := metrics.Parse(c.Base.Monitor)
	switch {
	case err != nil:
		return m, &train.UsageError{Err: fmt.Errorf("--monitor: %w", err)}
	case len(c.Seeds) == 0:
		return m, &train.UsageError{Err: fmt.Errorf("--seeds: want at least one")}
	case c.Trials > 1 && c.Base.ValFraction == 0:
		return m, &train.UsageError{Err: fmt.Errorf("--trials %d: --val-fraction is missing, as in --val-fraction 0.2: nothing is chosen on test rows", c.Trials)}
	}
	return m, nil
}

// cells returns the models of a method, and what its trials set.
func (c Comparison) cells(ctx context.Context, g *Grid, method string) (cells []Cell, said []string, err error) {
	base := c.Base
	base.Method = method
	var dims []Dimension
	if c.Trials > 1 {
		base.Split = c.domains.splits(base)[0].split // which of them does not matter here
		data, err := train.Open(ctx, base, g.Cache)
		if err != nil {
			return nil, nil, err
		}
		if base, err = resolved(base, data.Kind); err != nil {
			return nil, nil, err
		}
		if dims, err = usual(base); err != nil {
			return nil, nil, err
		}
	}
	for n := range max(1, c.Trials) {
		cfg, settings, err := trial(base, dims, n, c.Base.Seed)
		if err != nil {
			return nil, nil, err
		}
		said = append(said, settings)
		list, err := c.seeded(cfg, method, n)
		if err != nil {
			return nil, nil, err
		}
		cells = append(cells, list...)
	}
	return cells, said, nil
}

// seeded returns a model of the settings for each seed and domain.
func (c Comparison) seeded(cfg train.Config, name string, trial int) (cells []Cell, err error) {
	splits := c.domains.splits(cfg)
	for _, seed := range c.Seeds {
		for _, s := range splits {
			cfg.Seed, cfg.Split = seed, s.split
			if err := cfg.Validate(); err != nil {
				return nil, &train.UsageError{Err: fmt.Errorf("%s: %w", name, err)}
			}
			cells = append(cells, Cell{Method: name, Trial: trial, Domain: s.domain, Config: cfg})
		}
	}
	return cells, nil
}

// choose returns the row of a method: the results of the trial that is best on
// the validation part.
func choose(method string, results []Result, monitor metrics.Metric, trials int) Row {
	byTrial := make([][]Result, trials)
	for _, r := range results {
		if r.Method == method {
			byTrial[r.Trial] = append(byTrial[r.Trial], r)
		}
	}
	scores := make([]float64, trials)
	for n, list := range byTrial {
		scores[n] = validation(list, monitor.Name)
	}
	best := bestFirst(scores, monitor.Better)[0]
	return Row{Method: method, Trial: best, Results: byTrial[best]}
}

// columns are the figures of the table.
func columns(c train.Config, more []string) []string {
	list := []string{"accuracy", "balanced_accuracy", "worst_class_recall", "macro_f1", "auroc", "auprc"}
	if c.Cost != "" {
		list = append(list, "cost")
	}
	list = append(list, "ece", "corrected_ece", "log_loss", "corrected_log_loss")
	for _, name := range append([]string{c.Monitor}, more...) {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}
