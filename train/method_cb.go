package train

import (
	"github.com/ballast-ml/ballast/internal/detmath"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/optimizer"
)

var _ = register(Word{
	Name: "cb", Role: RoleClasses, Counts: true, Note: "weights by class, from the effective number of samples",
	Options: []Option{
		{Name: "from", Flag: "cb-from", Try: []string{"0.8", "0.6", "0.4", "0"}},
		{Name: "beta", Flag: "cb-beta", Try: []string{"0.9999", "0.999", "0.99999"}},
	},
	Weighter: func(in Ingredients, _ Params) (optimizer.Weighter, error) {
		return optimizer.NewWeighter(optimizer.WeighterConfig{
			Name: "cb", Counts: in.Counts, From: in.Config.CBFrom, Beta: in.Config.CBBeta,
		})
	},
	Strength: balancedStrength,
})

// balancedStrength is strengthOf for the settings of cb.
func balancedStrength(in Ingredients, _ Params) float64 {
	return strengthOf(in, in.Config.CBBeta)
}

// strengthOf returns the slope of -log c_k over log π_k, by least squares
// over the training rows: weights that are one over the class frequency have
// slope 1, equal ones 0. Weights that come late in a run take less than that
// out; a validation part finds out how much.
func strengthOf(in Ingredients, beta float64) float64 {
	weights, err := optimizer.ClassWeights(in.Counts, beta)
	if err != nil {
		return 0 // the weighter is refused for the same reason, and says so
	}
	prior := metrics.Prior(in.Mass)
	var mx, my float64
	for k, p := range prior {
		mx += float64(p * detmath.Log(p))
		my -= float64(p * detmath.Log(weights[k]))
	}
	var xx, xy float64
	for k, p := range prior {
		dx, dy := detmath.Log(p)-mx, -detmath.Log(weights[k])-my
		xx += float64(p * float64(dx*dx))
		xy += float64(p * float64(dx*dy))
	}
	if xx == 0 {
		return 0
	}
	return xy / xx
}
