package train

import (
	"context"
	"fmt"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
)

const (
	// evaluationRows is how many rows go through the network at once, at most. It
	// bounds memory; the figures do not depend on it. A network that takes
	// longer than evaluationTime for fewer gets no more: other nodes want to know
	// that this one gets on, and it wants to know when its ring is lost.
	evaluationRows = 256
	firstRows      = 32
	evaluationTime = 100 * time.Millisecond
	// gatherRows is how many rows of each shard are gathered at once. It bounds
	// what one message holds.
	gatherRows = 4096
)

// gatherer is what an evaluation needs of the other shards.
type gatherer interface {
	Gather(ctx context.Context, local [][]float64) ([][]float64, error)
}

// evaluator runs a set's rows through the network once each: shard s takes the
// s-th part of the rows, wherever it is hosted, and every node ends with the
// logits of all rows in their order. So figures of any kind, those that need
// all rows at once included, are pure functions that every node computes alike,
// and depend neither on the nodes nor on the shards. A row's logits take less
// memory than its features, which every node holds.
//
// It borrows the replicas of the shards [lo, lo+len(replicas)).
type evaluator struct {
	classes, shards, lo int
	replicas            []*model.Network
	crew                *crew
	beat                func() // called whenever some rows are done; nil: not
}

// scores returns the logits of all rows of set.
func (e *evaluator) scores(ctx context.Context, set *dataset.Set, width int, all gatherer) (metrics.Scores, error) {
	s := metrics.Scores{Classes: e.classes, Logits: make([]float32, set.Len()*e.classes), Labels: make([]int32, set.Len())}
	for i := range s.Labels {
		s.Labels[i] = set.Label(i)
	}
	records := make([][]float64, len(e.replicas))
	most := (set.Len() + e.shards - 1) / e.shards // rows of the longest part
	for first := 0; first < most; first += gatherRows {
		e.crew.each(len(e.replicas), func(i int) {
			lo, hi := e.part(set, e.lo+i, first)
			records[i] = e.logits(ctx, records[i][:0], e.replicas[i], set, width, lo, hi)
		})
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		gathered, err := all.Gather(ctx, records)
		if err != nil {
			return s, err
		}
		for shard, record := range gathered {
			lo, hi := e.part(set, shard, first)
			if len(record) != (hi-lo)*e.classes {
				return s, fmt.Errorf("train: shard %d sent %d logits of %d rows of %d classes", shard, len(record), hi-lo, e.classes)
			}
			for i, z := range record {
				s.Logits[lo*e.classes+i] = float32(z)
			}
		}
	}
	return s, nil
}

// part returns the rows of a shard's part that are gathered when first rows of
// it have been.
func (e *evaluator) part(set *dataset.Set, shard, first int) (lo, hi int) {
	lo, hi = dataset.ShardRange(set.Len(), e.shards, shard)
	return min(lo+first, hi), min(lo+first+gatherRows, hi)
}

// logits appends those of the rows [lo, hi), which a float64 carries unchanged;
// fewer if ctx ends: the ring may be lost long before a slow network is through.
func (e *evaluator) logits(ctx context.Context, dst []float64, net *model.Network, set *dataset.Set, width, lo, hi int) []float64 {
	x := make([]float32, min(evaluationRows, hi-lo)*width)
	most := firstRows
	for first, rows := lo, 0; first < hi && ctx.Err() == nil; first += rows {
		began := time.Now()
		rows = min(most, hi-first)
		for r := range rows {
			set.Read(x[r*width:(r+1)*width], first+r)
		}
		for _, z := range net.Logits(model.Pass{}, x[:rows*width], rows) {
			dst = append(dst, float64(z))
		}
		if e.beat != nil {
			e.beat()
		}
		if time.Since(began) < evaluationTime {
			most = min(2*most, evaluationRows)
		}
	}
	return dst
}

// groupReports are the figures of each named group of a set's rows; nil if it
// has none.
func groupReports(s metrics.Scores, groups []dataset.Group, setup metrics.Setup, r Readout) map[string]Metrics {
	setup.Figures, setup.Groups = []metrics.Metric{}, nil
	var out map[string]Metrics
	for _, group := range groups {
		if out == nil {
			out = map[string]Metrics{}
		}
		out[group.Name] = r.measure(rowsOf(s, group), setup, r.Use)
	}
	return out
}

// rowsOf returns the scores of a group's rows.
func rowsOf(s metrics.Scores, group dataset.Group) metrics.Scores {
	part := metrics.Scores{Classes: s.Classes}
	for _, row := range group.Rows {
		part.Logits = append(part.Logits, s.Row(int(row))...)
		part.Labels = append(part.Labels, s.Labels[row])
	}
	return part
}

// of returns the setup for the rows of a set, whose groups it has.
func of(setup metrics.Setup, set *dataset.Set) metrics.Setup {
	setup.Groups = nil
	for _, g := range set.Groups() {
		setup.Groups = append(setup.Groups, g.Rows)
	}
	return setup
}
