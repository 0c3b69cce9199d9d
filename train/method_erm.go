package train

import "github.com/ballast-ml/ballast/optimizer"

var _ = register(Word{
	Name: "erm", Role: RoleWeighter, Note: "plain averaging",
	Weighter: func(Ingredients, Params) (optimizer.Weighter, error) { return &optimizer.ERM{}, nil },
})
