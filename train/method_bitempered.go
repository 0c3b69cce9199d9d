package train

import "github.com/ballast-ml/ballast/model"

var _ = register(Word{
	Name: "bitempered", Role: RoleLoss, Note: "a bounded loss on a softmax with a heavy tail, for wrong labels near and far",
	Options: []Option{
		{Name: "t1", Default: "0.8", Check: IsNumber(0, 1), Try: []string{"0.8", "0.5", "0.9"}},
		{Name: "t2", Default: "1.4", Check: IsNumber(1, 4), Try: []string{"1.4", "1.2", "2"}},
	},
	Loss: func(_ Ingredients, p Params) (model.Loss, error) {
		return model.NewBiTempered(p.Float("t1"), p.Float("t2"))
	},
})
