package train

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/dataset"
)

// Domains returns the values of the column that a configuration with the split
// leave:COLUMN names, and which of them can be left out. Parsed tables are kept
// in the directory cache; empty: nowhere.
func Domains(ctx context.Context, cfg Config, cache string) ([]dataset.Domain, error) {
	column, ok := dataset.LeaveAll(cfg.Split)
	if !ok {
		return nil, usage(fmt.Errorf("--split %s: expected leave:COLUMN", cfg.Split))
	}
	cfg.Split = "group:" + column
	if err := cfg.Validate(); err != nil {
		return nil, usage(err)
	}
	spec, err := cfg.dataSpec()
	if err != nil {
		return nil, usage(err)
	}
	spec.Cache = cache
	list, err := dataset.Domains(ctx, spec, column)
	return list, usage(err)
}
