package train

import (
	"fmt"

	"github.com/ballast-ml/ballast/optimizer"
)

var _ = register(Word{
	Name: "rgd", Role: RoleWeighter, Note: "weights from each sample's own clipped loss, between 1 and a bound",
	Options: []Option{
		{Name: "div", Default: "kl", Check: isOne("kl", "chi2", "reverse-kl"), Try: []string{"kl", "chi2", "reverse-kl"}},
		{Name: "tau", Default: "1", Check: IsNumber(1e-9, 1e6), Try: []string{"1", "3", "5"}},
		{Name: "norm", Default: "mean", Check: isOne("mean", "softmax"), Try: []string{"mean", "softmax"}},
		{Name: "from", Default: "0", Check: IsNumber(0, 1)},
	},
	Weighter: func(_ Ingredients, p Params) (optimizer.Weighter, error) {
		w, err := optimizer.NewRGD(optimizer.RGDConfig{
			Divergence: p["div"], Tau: p.Float("tau"), Normalised: p["norm"] == "softmax", From: p.Float("from"),
		})
		if err != nil {
			return nil, err
		}
		return w, nil
	},
})

// isOne returns the check of an option that is one of some words.
func isOne(words ...string) func(value string) error {
	return func(value string) error {
		for _, w := range words {
			if value == w {
				return nil
			}
		}
		return fmt.Errorf("want one of %s", joinAnd(words))
	}
}
