package train

import "github.com/ballast-ml/ballast/optimizer"

var _ = register(Word{
	Name: "groupdro", Role: RoleWeighter, Counts: true, Note: "a share of the weight for each class or group, which grows while it has the larger loss",
	Options: []Option{
		{Name: "by", Default: "auto", Check: IsOneOf("auto", ByClass, ByGroup, ByBoth)},
		{Name: "eta", Default: "0.01", Check: IsNumber(0, 1000), Try: []string{"0.01", "0.1"}},
		{Name: "c", Default: "0", Check: IsNumber(0, 1000), Try: []string{"0", "2"}},
		{Name: "from", Default: "0.6", Check: IsNumber(0, 1), Try: []string{"0.6", "0"}},
	},
	Weighter: func(in Ingredients, p Params) (optimizer.Weighter, error) {
		w, err := optimizer.NewGroupDRO(optimizer.GroupDROConfig{
			Counts: choose(in.Groups != nil, in.Groups, in.Counts), Eta: p.Float("eta"), Adjust: p.Float("c"), From: p.Float("from"),
		})
		if err != nil {
			return nil, err
		}
		return w, nil
	},
	Groups: groupsOfDRO,
	// Uniform shares of classes are what class weights of one over the counts come
	// to; groups that are not classes leave these as frequent as they are.
	Strength: func(in Ingredients, p Params) float64 {
		return choose(groupsOfDRO(in.Config, p) == ByGroup, 0.0, 1.0)
	},
})

// groupsOfDRO says what the weighter works by: groups, if there are any.
func groupsOfDRO(c Config, p Params) string {
	return choose(p["by"] == "auto", choose(c.GroupBy == "", ByClass, ByGroup), p["by"])
}
