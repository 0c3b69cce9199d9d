package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "sce", Role: RoleLoss, Note: "symmetric cross entropy: a bounded part that wrong labels cannot pull on for ever",
	Options: []Option{
		{Name: "a", Default: "0.1", Check: IsNumber(0, 1000), Try: []string{"0.1", "0.5"}},
		{Name: "b", Default: "1", Check: IsNumber(0, 1000)},
		{Name: "floor", Default: "1e-4", Check: IsNumber(1e-30, 0.99)},
	},
	Loss: func(_ Ingredients, p Params) (model.Loss, error) {
		return model.NewSymmetricCE(p.Float("a"), p.Float("b"), p.Float("floor"))
	},
})
