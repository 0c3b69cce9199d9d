package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/internal/spell"
)

// setup says what is measured on data of these classes, whose training rows are
// counts.
func (c Config) setup(classes []string, counts []int) (metrics.Setup, error) {
	s := metrics.Setup{TrainCounts: counts, Positive: metrics.RarestClass(counts)}
	if c.Positive != "" {
		if s.Positive = slices.Index(classes, c.Positive); s.Positive < 0 {
			hint := ""
			if near := spell.Nearest(c.Positive, classes); near != "" {
				hint = fmt.Sprintf(" (did you mean %q?)", near)
			}
			return s, fmt.Errorf("--positive %s: no such class%s; the classes are %s", c.Positive, hint, listed(classes))
		}
	}
	if c.Cost != "" {
		cost, err := metrics.ParseCost(c.Cost)
		if err != nil {
			return s, fmt.Errorf("--cost: %w", err)
		}
		s.Cost = &cost
	}
	return s, nil
}

// parseFigures reads the names of figures to report beside those that are
// always reported.
func parseFigures(names []string) ([]metrics.Metric, error) {
	var list []metrics.Metric
	for _, name := range names {
		m, err := metrics.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("--figures: %w", err)
		}
		list = append(list, m)
	}
	return list, nil
}

// listed joins names for a message, not more than fits there.
func listed(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
