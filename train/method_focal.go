package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "focal", Role: RoleLoss, Note: "cross entropy with weight taken off the samples that are right already",
	Options: []Option{{Name: "gamma", Default: "2", Check: IsNumber(0, 50), Try: []string{"2", "1", "0.5"}}},
	Loss: func(_ Ingredients, p Params) (model.Loss, error) {
		return model.NewFocal(p.Float("gamma"))
	},
})
