package model

import (
	"fmt"

	"gorgonia.org/tensor"
)

// Network is a classifier with the memory to train it on one shard. See the
// package documentation for the order of calls. Methods panic when slices have
// lengths that do not fit.
type Network struct {
	vectors
	cfg    Config
	in     int // features of one sample
	layers []layer
	shapes []tensor.Shape // of one sample after each layer
	starts []int          // where each layer's windows begin, and where the last one's end

	// The last pass.
	rows   int
	logits []float32
	labels []int32
	loss   Loss // nil after Logits alone

	losses, slopes, dz []float32 // buffers
}

// Pass says what a pass over the network is for.
type Pass struct {
	// Train: batch norm uses (and records) the batch's statistics and dropout
	// drops. Otherwise batch norm uses the running statistics and nothing is
	// dropped.
	Train bool
	// Step and First key the dropout masks: the step of the run, and the
	// position of row 0 in the step's global batch.
	Step  uint64
	First int
}

// New returns a network with initial parameters drawn from the seed: He's
// uniform distribution for the layers before a ReLU, Glorot's for the last one,
// biases 0; running means 0 and variances 1. The error says what is wrong with
// the configuration.
func New(cfg Config) (*Network, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.clone()
	s, err := assemble(cfg)
	if err != nil {
		return nil, err
	}
	params, running := measure(s.layers)
	if params > maxParams {
		return nil, fmt.Errorf("model: architecture %q on input %v has %d parameters, more than %d", cfg.Arch, cfg.Input, params, maxParams)
	}
	n := newNetwork(s, make([]float32, params), make([]float32, running))
	initialise(n.layers, cfg.Seed)
	return n, nil
}

// newNetwork binds the layers of s to params and running.
func newNetwork(s *stack, params, running []float32) *Network {
	n := &Network{
		vectors: vectors{
			params: params, grads: make([]float32, len(params)),
			running: running, stats: make([]float32, len(running)),
		},
		cfg: s.cfg, in: tensor.Shape(s.cfg.Input).TotalSize(),
		layers: s.layers, shapes: s.shapes,
	}
	n.starts = n.bind(n.layers)
	return n
}

// Replica returns a network over the same Params and Running, with Grads, Stats
// and activations of its own. Replicas may be used at the same time.
func (n *Network) Replica() *Network {
	s, err := assemble(n.cfg)
	if err != nil {
		panic("model: replica: " + err.Error()) // New has accepted it
	}
	return newNetwork(s, n.params, n.running)
}

// Logits runs the network forward over rows samples, x row by row, and returns
// rows×Classes logits. They are the network's memory and hold until the next
// call.
func (n *Network) Logits(p Pass, x []float32, rows int) []float32 {
	if rows < 0 || len(x) != rows*n.in {
		panic(fmt.Sprintf("model: %d values for %d samples of %d features", len(x), rows, n.in))
	}
	n.rows, n.loss, n.labels = rows, nil, nil
	if rows == 0 {
		if p.Train {
			clear(n.stats)
		}
		n.logits = nil
		return nil
	}
	for _, l := range n.layers {
		x = l.Forward(p, x)
	}
	n.logits = x
	return x
}

// Losses runs the network forward over len(labels) samples and returns the loss
// of each. They are the network's memory and hold until the next call. The
// network keeps x and labels for Backward and JVP: leave them as they are until
// the next forward pass.
func (n *Network) Losses(p Pass, loss Loss, x []float32, labels []int32) []float32 {
	logits := n.Logits(p, x, len(labels))
	n.loss, n.labels = loss, labels
	losses := grow(&n.losses, len(labels))
	if len(labels) > 0 {
		loss.Losses(losses, logits, labels)
	}
	return losses
}

// Backward sets Grads = Σ w[i]·∇ℓ_i over the samples of the last Losses; of no
// samples, to zero. The weights carry whatever normaliser is wanted.
//
// The pass goes from the last layer to the first. After each layer it calls
// final, if that is not nil, with the index from which on Grads will not change
// any more; the last call has 0.
func (n *Network) Backward(w []float32, final func(from int)) {
	n.needLosses("Backward")
	if len(w) != n.rows {
		panic(fmt.Sprintf("model: %d weights for %d samples", len(w), n.rows))
	}
	if final == nil {
		final = func(int) {}
	}
	if n.rows == 0 {
		clear(n.grads)
		final(0)
		return
	}
	d := grow(&n.dz, len(n.logits))
	n.loss.Gradient(d, n.logits, n.labels, w)
	for i := len(n.layers) - 1; i >= 0; i-- {
		d = n.layers[i].Backward(d)
		if n.starts[i] < n.starts[i+1] {
			final(n.starts[i])
		}
	}
}

// JVP returns the slope ⟨∇ℓ_i, dir⟩ of each loss of the last Losses along dir, a
// direction in the space of Params, by one forward-mode pass. With batch norm
// in training it differentiates the batch's statistics too. The slopes are the
// network's memory and hold until the next call.
func (n *Network) JVP(dir []float32) []float32 {
	n.needLosses("JVP")
	if len(dir) != len(n.params) {
		panic(fmt.Sprintf("model: direction of length %d for %d parameters", len(dir), len(n.params)))
	}
	slopes := grow(&n.slopes, n.rows)
	if n.rows == 0 {
		return slopes
	}
	var t []float32 // the data stand still
	for _, l := range n.layers {
		t = l.JVP(t, dir)
	}
	n.loss.Tangent(slopes, n.logits, t, n.labels)
	return slopes
}

func (n *Network) needLosses(caller string) {
	if n.loss == nil {
		panic("model: " + caller + " without Losses before it")
	}
}
