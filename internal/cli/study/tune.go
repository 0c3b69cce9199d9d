package study

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/internal/stats"
	"github.com/ballast-ml/ballast/train"
)

// Search is successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm
// Identification and Hyperparameter Optimization", AISTATS 2016): many settings
// are trained for few epochs, the best part of them for more, until the last
// ones have been trained in full. Each round is a whole run of its own, with its
// schedules, so that what is found is what a run gives; and a setting that was
// better with fewer epochs is found with these: small tables are soon learnt by
// heart.
type Search struct {
	// Base are the settings around which is searched; trial 0 is they.
	Base train.Config
	// Space is what is varied; nil is the usual: the learning rate, the weight
	// decay and the options of the method.
	Space []Dimension
	// Seeds are averaged over.
	Seeds []uint64
	// Trials is how many settings begin, and Keep the part that goes on: one in
	// Keep, at least 2.
	Trials, Keep int
	// Rounds is the number of rounds; 0 is as many as leave one setting, or as
	// few as give the first round one epoch.
	Rounds int
}

// Candidate is one setting of a search.
type Candidate struct {
	Trial    int
	Settings string
	Config   train.Config // with the epochs of the round it was best in
	Score    float64      // mean of the monitored figure on the validation part, there
	Spread   float64      // deviation over the seeds
	Round    int          // the last it took part in, from 1

	full train.Config // with the epochs of the last round of all
}

// Found is the outcome of a search, the best candidate first.
type Found struct {
	Monitor    metrics.Metric
	Rounds     int
	Candidates []Candidate
}

// Run searches. What is finished is not trained again.
func (s Search) Run(ctx context.Context, g *Grid) (*Found, error) {
	monitor, err := s.check()
	if err != nil {
		return nil, err
	}
	live, err := s.candidates(ctx, g)
	if err != nil {
		return nil, err
	}
	found := &Found{Monitor: monitor, Rounds: s.rounds()}
	for round := 1; round <= found.Rounds; round++ {
		scores, err := s.round(ctx, g, live, round, found.Rounds, monitor)
		if err != nil {
			return nil, err
		}
		kept := max(1, len(live)/s.Keep)
		if round == found.Rounds {
			kept = 0
		}
		var next []Candidate
		for i, at := range bestFirst(scores, monitor.Better) {
			if i < kept {
				next = append(next, live[at])
			} else {
				found.Candidates = append(found.Candidates, live[at])
			}
		}
		live = next
	}
	var best []Candidate
	for _, at := range bestFirst(scoresOf(found.Candidates), monitor.Better) {
		best = append(best, found.Candidates[at])
	}
	found.Candidates = best
	return found, nil
}

// candidates returns the settings that begin. A draw of settings that are there
// already does not count, so that a small space ends in all of its settings.
func (s Search) candidates(ctx context.Context, g *Grid) (live []Candidate, err error) {
	base, dims := s.Base, s.Space
	if dims == nil {
		// The usual is around what is automatic. A space of one's own leaves that
		// open: what is automatic may depend on what is drawn.
		data, err := train.Open(ctx, base, g.Cache)
		if err != nil {
			return nil, err
		}
		if base, err = resolved(base, data.Kind); err != nil {
			return nil, err
		}
		if dims, err = usual(base); err != nil {
			return nil, err
		}
	}
	const draws = 100 // for each trial: more would find nothing new
	seen := map[string]bool{}
	for n := 0; len(live) < s.Trials && n < draws*s.Trials; n++ {
		c, settings, err := trial(base, dims, n, s.Base.Seed)
		if err != nil {
			return nil, err
		}
		if key := c.DataKey() + c.Canonical(); !seen[key] {
			seen[key] = true
			live = append(live, Candidate{Trial: n, Settings: settings, full: c})
		}
	}
	return live, nil
}

// round trains the candidates for their epochs of a round and returns its scores.
func (s Search) round(ctx context.Context, g *Grid, live []Candidate, round, rounds int, monitor metrics.Metric) ([]float64, error) {
	var cells []Cell
	for _, seed := range s.Seeds {
		for _, c := range live {
			cfg := c.full
			cfg.Seed = seed
			for range rounds - round {
				cfg.Epochs = max(1, cfg.Epochs/s.Keep)
			}
			if cfg.Epochs < c.full.Epochs {
				cfg.Warmup = min(cfg.Warmup, float64(cfg.Epochs)/4)
			}
			if err := cfg.Validate(); err != nil {
				return nil, &train.UsageError{Err: err}
			}
			cells = append(cells, Cell{Method: fmt.Sprintf("round %d/%d, trial %d", round, rounds, c.Trial), Trial: c.Trial, Config: cfg})
		}
	}
	results, err := g.Run(ctx, cells)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(live))
	for i := range live {
		var values []float64
		for k := range s.Seeds {
			values = append(values, validation([]Result{results[k*len(live)+i]}, monitor.Name))
		}
		scores[i] = stats.Mean(values)
		if round == 1 || monitor.Better(scores[i], live[i].Score) {
			live[i].Config, live[i].Score, live[i].Spread = cells[i].Config, scores[i], stats.Deviation(values)
			live[i].Config.Seed = s.Base.Seed
		}
		live[i].Round = round
	}
	return scores, nil
}

// rounds returns the number of rounds.
func (s Search) rounds() int {
	if s.Rounds > 0 {
		return s.Rounds
	}
	n := 1
	for trials, epochs := s.Trials, s.Base.Epochs; trials > 1 && epochs >= s.Keep; n++ {
		trials, epochs = trials/s.Keep, epochs/s.Keep
	}
	return n
}

func (s Search) check() (metrics.Metric, error) {
	m, err := metrics.Parse(s.Base.Monitor)
	switch {
	case err != nil:
		return m, &train.UsageError{Err: fmt.Errorf("--monitor: %w", err)}
	case s.Base.ValFraction == 0:
		return m, &train.UsageError{Err: fmt.Errorf("--val-fraction is missing, as in --val-fraction 0.2: nothing is chosen on test rows")}
	case s.Trials < 1 || s.Keep < 2 || s.Rounds < 0 || len(s.Seeds) == 0:
		return m, &train.UsageError{Err: fmt.Errorf("want --trials of at least 1, --keep of at least 2, --rounds of at least 0 and a seed")}
	}
	return m, nil
}

// Varied returns the names of the settings that the search may change.
func (s Search) Varied() []string {
	if s.Space == nil {
		return []string{"lr", "weight-decay", "method"}
	}
	var names []string
	for _, d := range s.Space {
		names = append(names, d.Name)
	}
	return names
}

func scoresOf(list []Candidate) []float64 {
	var scores []float64
	for _, c := range list {
		scores = append(scores, c.Score)
	}
	return scores
}

// Best returns the settings that won.
func (f *Found) Best() train.Config { return f.Candidates[0].Config }

// Markdown writes the best candidates, at most so many.
func (f *Found) Markdown(w io.Writer, most int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| trial | rounds | epochs | %s, validation | settings |\n|---|---|---|---|---|\n", title(f.Monitor.Name))
	for _, c := range f.Candidates[:min(most, len(f.Candidates))] {
		score := cell([]float64{c.Score}, 4, "")
		if c.Spread == c.Spread {
			score += fmt.Sprintf(" ± %.4f", c.Spread)
		}
		fmt.Fprintf(&b, "| %d | %d of %d | %d | %s | %s |\n", c.Trial, c.Round, f.Rounds, c.Config.Epochs, score, c.Settings)
	}
	if rest := len(f.Candidates) - most; rest > 0 {
		fmt.Fprintf(&b, "\n%d more were worse.\n", rest)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Trials returns the numbers of the candidates in their order.
func (f *Found) Trials() []int {
	var list []int
	for _, c := range f.Candidates {
		list = append(list, c.Trial)
	}
	return slices.Clip(list)
}
