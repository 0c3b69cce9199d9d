package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "la", Role: RoleLoss, Counts: true, Note: "logit adjustment: cross entropy that asks rare classes for a larger margin",
	Options: []Option{{Name: "tau", Flag: "tau", Try: []string{"1", "0.5", "0.75", "1.25", "1.5"}}},
	Loss: func(in Ingredients, _ Params) (model.Loss, error) {
		return model.NewLogitAdjusted(in.Config.Tau, in.Mass)
	},
	Strength: func(in Ingredients, _ Params) float64 { return in.Config.Tau },
})
