package train

import (
	"math"

	"github.com/ballast-ml/ballast/optimizer"
)

var _ = register(Word{
	Name: "term", Role: RoleWeighter, Note: "tilted risk: absgd by its tilt t = 1/λ, with α = 1",
	Options: []Option{
		{Name: "t", Default: "0.2", Check: IsNumber(-1e6, 1e6), Try: []string{"0.2", "0.5", "-0.5"}},
		{Name: "gamma", Default: "0.9", Check: IsNumber(1e-6, 1)},
		{Name: "from", Default: "0.6", Check: IsNumber(0, 1), Try: []string{"0.6", "0"}},
	},
	Weighter: func(in Ingredients, p Params) (optimizer.Weighter, error) {
		lambda := math.Inf(1) // a tilt of 0 is plain averaging
		if t := p.Float("t"); t != 0 {
			lambda = 1 / t
		}
		w, err := optimizer.NewABSGD(optimizer.ABSGDConfig{
			Lambda: optimizer.Lambda{{Lambda: lambda, From: p.Float("from")}},
			Gamma:  p.Float("gamma"), Alpha: 1, Batch: in.Config.Batch,
		})
		if err != nil {
			return nil, err
		}
		return w, nil
	},
})
