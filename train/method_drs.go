package train

import (
	"github.com/ballast-ml/ballast/optimizer"
)

var _ = register(Word{
	Name: "drs", Role: RoleSampling, Counts: true, Note: "later epochs draw each class alike, with replacement: deferred resampling",
	Options: []Option{
		{Name: "from", Default: "0.8", Check: IsNumber(0, 1), Try: []string{"0.8", "0.6"}},
		{Name: "beta", Default: "0.9999", Check: IsNumber(0, 0.9999999999), Try: []string{"0.9999", "0.999"}},
	},
	Sampling: func(in Ingredients, p Params) ([]float64, float64, error) {
		shares, err := optimizer.ClassWeights(in.Counts, p.Float("beta"))
		for k := range shares {
			shares[k] *= float64(in.Counts[k])
		}
		return shares, p.Float("from"), err
	},
	Strength: func(in Ingredients, p Params) float64 { return strengthOf(in, p.Float("beta")) },
})
