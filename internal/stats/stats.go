// Package stats compares methods over seeds: means, deviations, and tests of
// paired differences. Everything is a pure function, random draws included.
package stats

import (
	"math"
	"slices"

	"github.com/ballast-ml/ballast/internal/rng"
)

// Mean returns the mean; NaN of none.
func Mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Deviation returns the sample standard deviation (divided by n-1); NaN of
// fewer than two numbers.
func Deviation(x []float64) float64 {
	mean, sum := Mean(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	if len(x) < 2 {
		return math.NaN()
	}
	return math.Sqrt(sum / float64(len(x)-1))
}

// exactPairs is the largest number of pairs whose test is exact: it adds up
// n(n+1) counts for each of them. Beyond it the normal approximation is good to
// three digits.
const exactPairs = 60

// SignedRank returns the two-sided p-value of Wilcoxon's signed-rank test that
// paired differences are symmetric about 0. Zeros are left out, equal sizes
// share their mean rank. Five pairs of one sign give 0.0625, the least that five
// can give. NaN if all differences are zero.
func SignedRank(differences []float64) float64 {
	d := slices.DeleteFunc(slices.Clone(differences), func(v float64) bool { return v == 0 })
	if len(d) == 0 {
		return math.NaN()
	}
	ranks := doubledRanks(d)
	total, positive := 0, 0
	for i, r := range ranks {
		total += r
		if d[i] > 0 {
			positive += r
		}
	}
	smaller := min(positive, total-positive)
	if len(d) <= exactPairs {
		return min(1, 2*tail(ranks, smaller))
	}
	var square float64
	for _, r := range ranks {
		square += float64(r) * float64(r)
	}
	z := (float64(total)/2 - float64(smaller)) / math.Sqrt(square/4)
	return math.Erfc(z / math.Sqrt2)
}

// doubledRanks returns twice the ranks of the sizes: whole numbers also where
// equal sizes share their mean rank.
func doubledRanks(d []float64) []int {
	order := make([]int, len(d))
	for i := range order {
		order[i] = i
	}
	size := func(i int) float64 { return math.Abs(d[order[i]]) }
	slices.SortFunc(order, func(a, b int) int {
		switch x, y := math.Abs(d[a]), math.Abs(d[b]); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	ranks := make([]int, len(d))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && size(j) == size(i) {
			j++
		}
		for k := i; k < j; k++ {
			ranks[order[k]] = i + j + 1 // twice the mean of i+1 ... j
		}
		i = j
	}
	return ranks
}

// tail returns the probability that a sum of ranks with random signs is at most
// limit.
func tail(ranks []int, limit int) float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	p := make([]float64, total+1)
	p[0] = 1
	reach := 0
	for _, r := range ranks {
		reach += r
		for s := reach; s >= 0; s-- {
			v := p[s]
			if s >= r {
				v += p[s-r]
			}
			p[s] = v / 2
		}
	}
	var sum float64
	for s := 0; s <= limit; s++ {
		sum += p[s]
	}
	return sum
}

// BootstrapMean returns the percentile interval of the mean of x: the middle
// part of the means of so many samples drawn with replacement. NaN of none.
func BootstrapMean(x []float64, samples int, part float64, seed uint64) (low, high float64) {
	if len(x) == 0 || samples < 1 {
		return math.NaN(), math.NaN()
	}
	means := make([]float64, samples)
	for b := range means {
		stream := rng.New(seed, rng.Bootstrap, uint64(b))
		var sum float64
		for i := range x {
			sum += x[stream.IntN(uint64(i), len(x))]
		}
		means[b] = sum / float64(len(x))
	}
	slices.Sort(means)
	at := func(q float64) float64 { return means[min(int(q*float64(samples)), samples-1)] }
	return at((1 - part) / 2), at((1 + part) / 2)
}
