package optimizer

import (
	"context"

	"github.com/ballast-ml/ballast/internal/logsum"
)

// Solo is the Reducer of a lone process that has all shards.
type Solo struct{}

var _ Reducer = Solo{}

// LogSumExp folds local, which has all shards.
func (Solo) LogSumExp(_ context.Context, local [][3]float64) ([3]float64, error) {
	total := logsum.Identity()
	for _, t := range local {
		total = logsum.Fold(total, t)
	}
	return total, nil
}

// Gather returns local, which has all records.
func (Solo) Gather(_ context.Context, local [][]float64) ([][]float64, error) {
	return local, nil
}
