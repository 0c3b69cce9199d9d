package train

import "github.com/ballast-ml/ballast/optimizer"

var _ = register(Word{
	Name: "absgd", Role: RoleWeighter, Note: "weights from each sample's loss relative to the global batch",
	Options: []Option{
		{Name: "lambda", Flag: "lambda", Try: []string{
			"inf@0,5@0.6", "inf@0,2@0.6", "inf@0,3@0.6", "inf@0,10@0.6", "inf@0,2@0.8", "inf@0,5@0.8", "inf@0,-5@0.3", "inf@0,-2@0.3", "inf@0,50..5/4@0.4",
		}},
		{Name: "gamma", Flag: "gamma", Try: []string{"0.9", "0.5"}},
		{Name: "alpha", Flag: "alpha"},
		{Name: "ess", Flag: "ess", Try: []string{"0", "0.97", "0.9"}},
		{Name: "u-init", Flag: "u-init"},
		{Name: "floor", Flag: "floor"},
	},
	Scales: true,
	Weighter: func(in Ingredients, _ Params) (optimizer.Weighter, error) {
		c := in.Config
		return optimizer.NewWeighter(optimizer.WeighterConfig{
			Name: "absgd", Batch: c.Batch,
			Lambda: c.Lambda, Gamma: c.Gamma, Alpha: c.Alpha, Size: c.ESS, UInit: c.UInit, Floor: c.Floor,
			Balanced: in.Balanced, Counts: in.Counts, From: c.CBFrom, Beta: c.CBBeta,
		})
	},
})
