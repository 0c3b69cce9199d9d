package optimizer

import "github.com/ballast-ml/ballast/internal/kernel"

// AddDecayedWeights adds weight decay to the gradient: u ← u + wd·θ. Put it
// before momentum or Adam, it is L2 regularisation, as PyTorch's weight_decay of
// SGD and Adam; AddDecoupledDecay is the same operation behind them.
func AddDecayedWeights(wd float64) Transform { return decay{wd: float32(wd)} }

// AddDecoupledDecay adds weight decay to the update: u ← u + wd·θ. Put it behind
// ScaleByAdam and before the learning rate, it is AdamW (Loshchilov and Hutter,
// ICLR 2019): θ shrinks by lr·wd, whatever the gradients were.
func AddDecoupledDecay(wd float64) Transform { return decay{wd: float32(wd)} }

type decay struct {
	stateless
	wd float32
}

func (d decay) Update(u, params []float32, s State, at At) { update(d, u, params, s, at) }

func (d decay) begin(State, At) factors { return factors{} }

// apply rounds once: u = fma(wd, θ, u).
func (d decay) apply(_ *factors, u, params []float32, _ State) { kernel.AddScaled(u, d.wd, params) }
