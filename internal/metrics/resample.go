package metrics

// Resample returns a metric on some of the samples that Bootstrap draws with the
// seed, by their numbers from 0; NaN where a sample does not define it. Two sets
// of scores of the same rows see the same samples.
func Resample(s Scores, setup Setup, m Metric, samples []int, seed uint64) []float64 {
	setup.Figures = []Metric{m}
	t := newTable(s, setup)
	weight := make([]int32, s.Len())
	values := make([]float64, len(samples))
	for i, b := range samples {
		draw(weight, seed, b)
		values[i] = t.report(weight).value(m)
	}
	return values
}

// Measure returns a metric on all rows; NaN if they do not define it.
func Measure(s Scores, setup Setup, m Metric) float64 {
	setup.Figures = []Metric{m}
	return newTable(s, setup).report(nil).value(m)
}
