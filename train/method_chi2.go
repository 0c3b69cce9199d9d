package train

import "github.com/ballast-ml/ballast/optimizer"

var _ = register(Word{
	Name: "chi2", Role: RoleWeighter, Note: "robust optimisation over a χ² ball: the worst weights of a given effective sample size",
	Options: []Option{
		{Name: "rho", Default: "0.05", Check: IsNumber(0, 1e6), Try: []string{"0.05", "0.02", "0.5"}},
		{Name: "from", Default: "0.6", Check: IsNumber(0, 1), Try: []string{"0.6", "0"}},
	},
	Weighter: func(_ Ingredients, p Params) (optimizer.Weighter, error) {
		return optimizer.NewChiSquareDRO(p.Float("rho"), p.Float("from"))
	},
})
