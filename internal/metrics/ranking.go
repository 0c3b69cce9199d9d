package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Ranking is rows in descending order of a score, some of them positive. Rows
// of equal score are one step: no order among them is made up.
type Ranking struct {
	rows     []int32 // in the order of the ranking
	positive []bool  // of rows[i]
	ends     []bool  // rows[i] is the last of its score
}

// Rank returns the ranking of rows by score. NaN is a score below all others.
// It panics if the lengths differ.
func Rank(scores []float64, positive []bool) *Ranking {
	if len(scores) != len(positive) {
		panic("metrics: as many scores as rows are wanted")
	}
	r := &Ranking{
		rows:     make([]int32, len(scores)),
		positive: make([]bool, len(scores)),
		ends:     make([]bool, len(scores)),
	}
	for i := range r.rows {
		r.rows[i] = int32(i)
	}
	slices.SortFunc(r.rows, func(a, b int32) int {
		// NaN is below everything in cmp.Compare. Equal scores are ordered by
		// row only so that there is one order.
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	for i, row := range r.rows {
		r.positive[i] = positive[row]
		r.ends[i] = i+1 == len(r.rows) || cmp.Compare(scores[row], scores[r.rows[i+1]]) != 0
	}
	return r
}

// step is a group of rows of equal score: how many positives and negatives it
// has, and how many of them there are down to its end.
type step struct{ newPos, newNeg, pos, neg float64 }

// walk calls f for each group of equal scores, from the top. weight has the
// number of times that each row counts; nil is once.
func (r *Ranking) walk(weight []int32, f func(s step)) {
	var s step
	for i, row := range r.rows {
		w := 1.0
		if weight != nil {
			w = float64(weight[row])
		}
		if r.positive[i] {
			s.newPos += w
		} else {
			s.newNeg += w
		}
		if r.ends[i] {
			s.pos += s.newPos
			s.neg += s.newNeg
			f(s)
			s.newPos, s.newNeg = 0, 0
		}
	}
}

// totals returns the numbers of positives and negatives.
func (r *Ranking) totals(weight []int32) (pos, neg float64) {
	r.walk(weight, func(s step) { pos, neg = s.pos, s.neg })
	return pos, neg
}

// AUROC is the probability that a positive row stands above a negative one, a
// tie counting half. NaN if there are none of one kind. weight is as in the
// other methods: how many times each row counts, nil for once.
func (r *Ranking) AUROC(weight []int32) float64 {
	var pairs, pos, neg float64
	r.walk(weight, func(s step) {
		// Every negative of this group has the positives above it, and half of
		// those beside it. Multiples of one half: exact.
		pairs += float64(s.newNeg * (s.pos - s.newPos/2))
		pos, neg = s.pos, s.neg
	})
	return pairs / float64(pos*neg) // 0/0 is NaN, as it should be
}

// AveragePrecision is the area below the steps of precision over recall,
// Σ (R_k - R_k-1)·P_k over the distinct scores: the usual AUPRC, without
// interpolation. NaN without positives.
func (r *Ranking) AveragePrecision(weight []int32) float64 {
	total, _ := r.totals(weight)
	var area float64
	r.walk(weight, func(s step) {
		if s.newPos > 0 {
			area += float64(s.newPos * (s.pos / (s.pos + s.neg)))
		}
	})
	if total == 0 {
		return math.NaN()
	}
	return area / total
}

// RecallAtPrecision is the largest recall of a threshold whose precision is at
// least p; 0 if none has it, NaN without positives.
func (r *Ranking) RecallAtPrecision(weight []int32, p float64) float64 {
	total, _ := r.totals(weight)
	best := 0.0
	r.walk(weight, func(s step) {
		if rows := s.pos + s.neg; rows > 0 && s.pos >= float64(p*rows) {
			best = max(best, s.pos)
		}
	})
	return best / total
}

// RecallAtFPR is the largest recall of a threshold that lets through no more
// than this part of the negatives. NaN without positives.
func (r *Ranking) RecallAtFPR(weight []int32, fpr float64) float64 {
	pos, neg := r.totals(weight)
	best := 0.0
	r.walk(weight, func(s step) {
		if s.neg <= float64(fpr*neg) {
			best = max(best, s.pos)
		}
	})
	return best / pos
}

// AtTop returns the precision and the recall of the k rows at the top. Of a
// group of equal scores that k cuts, a part in proportion counts: what is to be
// expected if one drew from it. k above the number of rows takes all.
func (r *Ranking) AtTop(weight []int32, k float64) (precision, recall float64) {
	total, negatives := r.totals(weight)
	k = min(k, total+negatives)
	var hits, taken float64
	r.walk(weight, func(s step) {
		group := s.newPos + s.newNeg
		if taken >= k || group == 0 {
			return
		}
		part := min(1, (k-taken)/group)
		hits += float64(s.newPos * part)
		taken += float64(group * part)
	})
	return hits / taken, hits / total
}
