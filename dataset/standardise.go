package dataset

import (
	"fmt"
	"math"
)

// fit returns the mean and the standard deviation (divided by n) of each
// column over the given rows: two passes in float64, rows in order.
func fit(r *raw, rows []int32) (mean, std []float64, err error) {
	dim, n := product(r.shape), float64(len(rows))
	mean, std = make([]float64, dim), make([]float64, dim)
	constant := make([]bool, dim)
	for j := range constant {
		constant[j] = true
	}
	first := r.row(rows[0])
	for _, row := range rows {
		for j, x := range r.row(row) {
			mean[j] += x
			constant[j] = constant[j] && x == first[j]
		}
	}
	for j := range mean {
		mean[j] /= n
	}
	for _, row := range rows {
		for j, x := range r.row(row) {
			d := x - mean[j]
			std[j] += float64(d * d)
		}
	}
	for j := range std {
		std[j] = math.Sqrt(std[j] / n)
		if constant[j] { // exactly: the mean above is rounded
			mean[j], std[j] = first[j], 1
		}
		if !finite(mean[j]) || !finite(std[j]) {
			return nil, nil, fmt.Errorf("%s: %s: its values are too large to be standardised; expected a spread below 1e150",
				r.path, r.column(j))
		}
		if std[j] == 0 { // differences too small to square
			std[j] = 1
		}
	}
	return mean, std, nil
}

// standardise returns (x - mean)/std of the given rows, rounded once to
// float32.
func standardise(r *raw, rows []int32, p *Prep) ([]float32, error) {
	dim := product(r.shape)
	values := make([]float32, 0, len(rows)*dim)
	for _, row := range rows {
		for j, x := range r.row(row) {
			v := float32((x - p.Mean[j]) / p.Std[j])
			if !finite(float64(v)) {
				return nil, fmt.Errorf("%s: %s: %g is too far from the training rows (mean %g, deviation %g) for float32",
					r.place(row), r.column(j), x, p.Mean[j], p.Std[j])
			}
			values = append(values, v)
		}
	}
	return values, nil
}

// row returns the cells of a row of a table.
func (r *raw) row(row int32) []float64 {
	dim := product(r.shape)
	return r.cells[int(row)*dim : (int(row)+1)*dim]
}

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }

// column names feature j for a message, by its index among all columns.
func (r *raw) column(j int) string {
	i := j
	if j >= r.labelAt {
		i++
	}
	if r.columns == nil {
		return fmt.Sprintf("column index %d", i)
	}
	return fmt.Sprintf("column index %d (%q)", i, r.columns[j])
}
