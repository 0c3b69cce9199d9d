package train

import "github.com/ballast-ml/ballast/optimizer"

var _ = register(Word{
	Name: "groupdro", Role: RoleWeighter, Note: "a share of the weight for each class, which grows while the class has the larger loss",
	Options: []Option{
		{Name: "eta", Default: "0.01", Check: IsNumber(0, 1000), Try: []string{"0.01", "0.1"}},
		{Name: "c", Default: "0", Check: IsNumber(0, 1000), Try: []string{"0", "2"}},
		{Name: "from", Default: "0.6", Check: IsNumber(0, 1), Try: []string{"0.6", "0"}},
	},
	Weighter: func(in Ingredients, p Params) (optimizer.Weighter, error) {
		w, err := optimizer.NewGroupDRO(optimizer.GroupDROConfig{
			Counts: in.Counts, Eta: p.Float("eta"), Adjust: p.Float("c"), From: p.Float("from"),
		})
		if err != nil {
			return nil, err
		}
		return w, nil
	},
	// Uniform shares are what class weights of one over the counts come to.
	Strength: func(Ingredients, Params) float64 { return 1 },
})
