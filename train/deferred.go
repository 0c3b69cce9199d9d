package train

import (
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
)

// deferred is a base loss that another one replaces at a fraction of the run.
type deferred struct {
	model.Loss
	later model.Loss
	from  float64
}

// lossAt returns the base loss in force.
func lossAt(loss model.Loss, at optimizer.At) model.Loss {
	if d, ok := loss.(*deferred); ok {
		if at.Reached(d.from) {
			return d.later
		}
		return d.Loss
	}
	return loss
}
