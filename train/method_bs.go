package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "bs", Role: RoleLoss, Counts: true, Note: "balanced softmax: classes count by their training rows, which is la with tau 1",
	Loss: func(in Ingredients, _ Params) (model.Loss, error) {
		return model.NewLogitAdjusted(1, in.Mass)
	},
	Strength: func(Ingredients, Params) float64 { return 1 },
})
