package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "gce", Role: RoleLoss, Note: "generalised cross entropy: labels that the network does not believe weigh little",
	Options: []Option{
		{Name: "q", Default: "0.7", Check: IsNumber(0, 1), Try: []string{"0.7", "0.4", "0.9"}},
		{Name: "k", Default: "0", Check: IsNumber(0, 0.99), Try: []string{"0", "0.5"}},
		{Name: "from", Default: "0.4", Check: IsNumber(0, 1)},
	},
	Loss: func(_ Ingredients, p Params) (model.Loss, error) {
		whole, err := model.NewGeneralizedCE(p.Float("q"), 0)
		if err != nil || p.Float("k") == 0 {
			return whole, err
		}
		truncated, err := model.NewGeneralizedCE(p.Float("q"), p.Float("k"))
		return &deferred{Loss: whole, later: truncated, from: p.Float("from")}, err
	},
})
