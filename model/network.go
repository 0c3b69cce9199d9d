package model

import (
	"cmp"
	"fmt"

	"gorgonia.org/tensor"
)

// Network is a classifier with the memory to train it on one shard. See the
// package documentation for the order of calls. Methods panic when slices have
// lengths that do not fit.
type Network struct {
	vectors
	cfg    Config
	in     int            // features of one sample
	layers []layer        // of all members, one member after the other
	depth  int            // layers of one member
	shapes []tensor.Shape // of one sample after each layer of a member
	starts []int          // where each layer's windows begin, and where the last one's end
	first  int            // of a member: the first layer with parameters
	lowest []int          // of each member: the first layer that is trained
	still  [][]*param     // of each layer: what is frozen of its parameters
	moving []*param       // running statistics that are not frozen

	// The last pass.
	rows   int
	logits [][]float32 // of each member
	labels []int32
	loss   Loss // nil after Logits alone

	losses, slopes, dz []float32 // buffers
	member             []float32 // of one member: losses, slopes
	mixture
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
	initialise(n.layers, n.depth, cfg.Seed, cmp.Or(cfg.InitScale, 1))
	return n, n.freeze()
}

// newNetwork binds the layers of s to params and running.
func newNetwork(s *stack, params, running []float32) *Network {
	n := &Network{
		vectors: vectors{
			params: params, running: running, stats: make([]float32, len(running)),
		},
		cfg: s.cfg, in: tensor.Shape(s.cfg.Input).TotalSize(),
		layers: s.layers, depth: len(s.layers) / s.cfg.members(), shapes: s.shapes,
		logits: make([][]float32, s.cfg.members()),
	}
	n.starts = n.bind(n.layers)
	for n.starts[n.first+1] == n.starts[0] {
		n.first++
	}
	return n
}

// Replica returns a network over the same Params and Running, with Grads, Stats
// and activations of its own. Replicas may be used at the same time. Neither the
// network nor a replica takes memory for Grads before it is used.
func (n *Network) Replica() *Network {
	s, err := assemble(n.cfg)
	if err != nil {
		panic("model: replica: " + err.Error()) // New has accepted it
	}
	r := newNetwork(s, n.params, n.running)
	if err := r.freeze(); err != nil {
		panic("model: replica: " + err.Error())
	}
	return r
}

// Logits runs the network forward over rows samples, x row by row, and returns
// rows×Classes logits; those of an ensemble are the logarithms of the mean of
// its members' probabilities. They are the network's memory and hold until the
// next call.
func (n *Network) Logits(p Pass, x []float32, rows int) []float32 {
	n.forward(p, x, rows)
	switch {
	case rows == 0:
		return nil
	case len(n.logits) == 1:
		return n.logits[0]
	}
	return n.mix(n.logits, n.cfg.Classes)
}

// forward sets the logits of each member.
func (n *Network) forward(p Pass, x []float32, rows int) {
	if rows < 0 || len(x) != rows*n.in {
		panic(fmt.Sprintf("model: %d values for %d samples of %d features", len(x), rows, n.in))
	}
	n.rows, n.loss, n.labels = rows, nil, nil
	if rows == 0 {
		if p.Train {
			clear(n.stats)
		}
		clear(n.logits)
		return
	}
	for m := range n.logits {
		y := x
		for _, l := range n.of(m) {
			y = l.Forward(p, y)
		}
		n.logits[m] = y
	}
}

// of returns the layers of a member.
func (n *Network) of(member int) []layer { return n.layers[member*n.depth:][:n.depth] }

// Losses runs the network forward over len(labels) samples and returns the loss
// of each, that of an ensemble being the mean of its members' losses. They are
// the network's memory and hold until the next call. The network keeps x and
// labels for Backward and JVP: leave them as they are until the next forward
// pass.
func (n *Network) Losses(p Pass, loss Loss, x []float32, labels []int32) []float32 {
	n.forward(p, x, len(labels))
	n.loss, n.labels = loss, labels
	losses := grow(&n.losses, len(labels))
	if len(labels) == 0 {
		return losses
	}
	return n.mean(losses, func(dst []float32, m int) { loss.Losses(dst, n.logits[m], labels) })
}

// Backward sets Grads = Σ w[i]·∇ℓ_i over the samples of the last Losses; of no
// samples, to zero. The weights carry whatever normaliser is wanted.
//
// Each member of an ensemble learns on its own: it gets the gradient of its own
// losses, and the whole is as many times the gradient of Losses as there are
// members.
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
	grads := n.Grads()
	if n.rows == 0 {
		clear(grads)
		final(0)
		return
	}
	for m := len(n.logits) - 1; m >= 0; m-- {
		d := grow(&n.dz, len(n.logits[m]))
		n.loss.Gradient(d, n.logits[m], n.labels, w)
		for i := (m+1)*n.depth - 1; i >= m*n.depth; i-- {
			if i >= n.lowest[m] {
				d = n.layers[i].Backward(d)
				for _, p := range n.still[i] {
					clear(p.g)
				}
			}
			if n.starts[i] < n.starts[i+1] {
				final(n.starts[i])
			}
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
	return n.mean(slopes, func(dst []float32, m int) {
		var t []float32 // the data stand still
		for _, l := range n.of(m)[n.first:] {
			t = l.JVP(t, dir)
		}
		n.loss.Tangent(dst, n.logits[m], t, n.labels)
	})
}

func (n *Network) needLosses(caller string) {
	if n.loss == nil {
		panic("model: " + caller + " without Losses before it")
	}
}
