package train

import (
	"context"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/model"
)

// evaluationRows is how many rows go through the network at once. It bounds
// memory; the figures do not depend on it.
const evaluationRows = 256

// gatherer is what an evaluation needs of the other shards.
type gatherer interface {
	Gather(ctx context.Context, local [][]float64) ([][]float64, error)
}

// evaluator counts a set's rows once each: shard s takes the s-th part of the
// rows, wherever it is hosted, and every node adds all records in shard order.
// It borrows the replicas of the shards [lo, lo+len(replicas)).
type evaluator struct {
	classes, shards, lo int
	replicas            []*model.Network
	crew                *crew
}

// result is the outcome of an evaluation.
type result struct {
	all    Metrics
	groups map[string]Metrics // nil if the set has none
}

// evaluate returns the metrics of all rows of set, and of each of its groups.
func (e *evaluator) evaluate(ctx context.Context, set *dataset.Set, width int, all gatherer) (result, error) {
	groups := set.Groups()
	groupOf := rowGroups(set)
	size := tallySize(e.classes)
	records := make([][]float64, len(e.replicas))
	e.crew.each(len(e.replicas), func(i int) {
		records[i] = make([]float64, (1+len(groups))*size)
		e.countShard(i, set, width, groupOf, records[i])
	})
	gathered, err := all.Gather(ctx, records)
	if err != nil {
		return result{}, err
	}
	sum := make([]float64, (1+len(groups))*size)
	for _, record := range gathered {
		for i, v := range record {
			sum[i] += v
		}
	}
	out := result{all: tally{e.classes, sum[:size]}.metrics()}
	for g, group := range groups {
		if out.groups == nil {
			out.groups = map[string]Metrics{}
		}
		out.groups[group.Name] = tally{e.classes, sum[(g+1)*size : (g+2)*size]}.metrics()
	}
	return out, nil
}

// rowGroups returns for each row 1 + the index of its group, or 0 for none.
func rowGroups(set *dataset.Set) []int {
	of := make([]int, set.Len())
	for g, group := range set.Groups() {
		for _, row := range group.Rows {
			of[row] = g + 1
		}
	}
	return of
}

// countShard runs the rows of local shard i through its replica. The record
// holds the tally of all rows, then that of each group.
func (e *evaluator) countShard(i int, set *dataset.Set, width int, groupOf []int, record []float64) {
	lo, hi := dataset.ShardRange(set.Len(), e.shards, e.lo+i)
	size := tallySize(e.classes)
	x := make([]float32, min(evaluationRows, hi-lo)*width)
	probs := make([]float64, e.classes)
	for first := lo; first < hi; first += evaluationRows {
		rows := min(evaluationRows, hi-first)
		for r := range rows {
			set.Read(x[r*width:(r+1)*width], first+r)
		}
		logits := e.replicas[i].Logits(model.Pass{}, x[:rows*width], rows)
		for r := range rows {
			softmax(probs, logits[r*e.classes:(r+1)*e.classes])
			label := set.Label(first + r)
			tally{e.classes, record[:size]}.count(probs, label)
			if g := groupOf[first+r]; g > 0 {
				tally{e.classes, record[g*size : (g+1)*size]}.count(probs, label)
			}
		}
	}
}

// softmax turns logits into probabilities.
func softmax(dst []float64, logits []float32) {
	top := logits[0]
	for _, z := range logits {
		top = max(top, z)
	}
	var sum float64
	for k, z := range logits {
		dst[k] = detmath.Exp(float64(z) - float64(top))
		sum += dst[k]
	}
	for k := range dst {
		dst[k] /= sum
	}
}
