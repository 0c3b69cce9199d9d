package dataset

import (
	"math"
	"slices"
	"sort"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// The words for how numbers are scaled.
const (
	ScaleStandard = "standard" // to mean 0 and deviation 1
	ScaleQuantile = "quantile" // to the normal deviate of the rank
	ScaleNone     = "none"     // not at all
)

// knots is the number of quantiles of a column that are stored, and the edge of
// what they tell apart: ranks are cut at so much from 0 and from 1.
const (
	knots = 256
	edge  = 1e-3
)

// quantiles returns the values at evenly spaced ranks, linear between order
// statistics. It sorts values.
func quantiles(values []float64) []float64 {
	slices.Sort(values)
	q := make([]float64, knots)
	last := len(values) - 1
	for k := range q {
		// Whole numbers, so that the rank is exact.
		at, rest := k*last/(knots-1), k*last%(knots-1)
		q[k] = values[at]
		if rest > 0 {
			part := float64(rest) / (knots - 1)
			q[k] = float64(values[at]*(1-part)) + float64(values[at+1]*part)
		}
	}
	slices.Sort(q) // rounding may have put neighbours out of order
	return q
}

// deviate returns the normal deviate of the rank of x among quantiles q: the
// middle rank where several are x.
func deviate(q []float64, x float64) float64 {
	last := float64(len(q) - 1)
	lo := sort.SearchFloat64s(q, x)
	hi := lo
	for hi < len(q) && q[hi] == x {
		hi++
	}
	var rank float64
	switch {
	case hi > lo:
		rank = float64(lo+hi-1) / 2 / last
	case lo == 0:
		rank = 0
	case lo == len(q):
		rank = 1
	default:
		a, b := q[lo-1], q[lo]
		rank = (float64(lo-1) + (x/2-a/2)/(b/2-a/2)) / last // halves: b-a may overflow
	}
	return normal(min(max(rank, edge), 1-edge))
}

// normal returns the normal deviate of p in (0, 1), to about 1e-15 (M. J.
// Wichura, "Algorithm AS 241: the percentage points of the normal
// distribution", 1988), with the same bits on every machine.
func normal(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		return q * polynomial(r, centreUp[:]) / polynomial(r, centreDown[:])
	}
	r := min(p, 1-p)
	r = math.Sqrt(-detmath.Log(r))
	var x float64
	if r <= 5 {
		x = polynomial(r-1.6, middleUp[:]) / polynomial(r-1.6, middleDown[:])
	} else {
		x = polynomial(r-5, tailUp[:]) / polynomial(r-5, tailDown[:])
	}
	return math.Copysign(x, q)
}

// polynomial returns c[0] + c[1]·x + ..., each product rounded.
func polynomial(x float64, c []float64) float64 {
	sum := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		sum = float64(sum*x) + c[i]
	}
	return sum
}

// The coefficients of AS 241, numerators and denominators.
var (
	centreUp = [...]float64{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
		4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3}
	centreDown = [...]float64{1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
		2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3}
	middleUp = [...]float64{1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
		1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4}
	middleDown = [...]float64{1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
		1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9}
	tailUp = [...]float64{6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
		2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7}
	tailDown = [...]float64{1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
		7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15}
)
