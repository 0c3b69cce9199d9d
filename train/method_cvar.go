package train

import "github.com/ballast-ml/ballast/optimizer"

var _ = register(Word{
	Name: "cvar", Role: RoleWeighter, Note: "the mean of the largest losses of the global batch: average top-k",
	Options: []Option{
		{Name: "alpha", Default: "0.5", Check: IsNumber(1e-6, 1), Try: []string{"0.5", "0.7", "0.3"}},
		{Name: "from", Default: "0.6", Check: IsNumber(0, 1), Try: []string{"0.6", "0"}},
	},
	Weighter: func(_ Ingredients, p Params) (optimizer.Weighter, error) {
		return optimizer.NewCVaR(p.Float("alpha"), p.Float("from"))
	},
})
