package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "ldam", Role: RoleLoss, Counts: true, Note: "margins that grow as classes get rarer, on a cosine classifier; with cb it is LDAM-DRW",
	Options: []Option{
		{Name: "margin", Default: "0.5", Check: IsNumber(0, 3), Try: []string{"0.5", "0.3"}},
		{Name: "s", Default: "30", Check: IsNumber(0.1, 30), Try: []string{"30", "10"}},
	},
	Loss: func(in Ingredients, p Params) (model.Loss, error) {
		return model.NewLDAM(p.Float("margin"), p.Float("s"), in.Counts)
	},
	Cosine: func(p Params) float64 { return p.Float("s") },
})
