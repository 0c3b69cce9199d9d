package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "smooth", Role: RoleLoss, Note: "label smoothing: a part of each target is spread over all classes",
	Options: []Option{{Name: "s", Default: "0.1", Check: IsNumber(0, 0.99), Try: []string{"0.1", "0.05", "0.3"}}},
	Loss: func(_ Ingredients, p Params) (model.Loss, error) {
		return model.NewLabelSmoothing(p.Float("s"))
	},
})
