package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Config returns what the network was built from.
func (n *Network) Config() Config {
	return n.cfg.clone()
}

// Params returns the parameters, one flat vector in the order of the layers,
// shared by all replicas. Writing it changes the network. Between tensors there
// are elements that belong to none (see NumParams): they are zero, and so are
// their gradients.
func (n *Network) Params() []float32 { return n.params }

// NumParams is the number of parameters. Params is longer: its tensors begin at
// multiples of 16 elements.
func (n *Network) NumParams() (count int) {
	n.eachParam(func(p *param) { count += p.size() })
	return count
}

// eachParam calls f for the parameters in the order of Params.
func (n *Network) eachParam(f func(p *param)) {
	for _, l := range n.layers {
		for _, p := range l.params() {
			if !p.running {
				f(p)
			}
		}
	}
}

// Grads returns the gradient that the last Backward left, laid out as Params.
func (n *Network) Grads() []float32 {
	if n.grads == nil {
		n.SetGrads(make([]float32, len(n.params)))
	}
	return n.grads
}

// SetGrads has Backward write its gradient to memory of the caller's, which has
// the length of Params and is zero where no tensor lies. It panics if the length
// does not fit.
func (n *Network) SetGrads(memory []float32) {
	if len(memory) != len(n.params) {
		panic(fmt.Sprintf("model: a gradient of length %d for %d parameters", len(memory), len(n.params)))
	}
	n.grads = memory
	n.eachParam(func(p *param) { p.g = p.of(memory) })
}

// Running returns the running statistics of batch norm, shared by all replicas:
// for each such layer the means of its channels, then their variances. Empty
// without batch norm.
func (n *Network) Running() []float32 { return n.running }

// Stats returns the means and biased variances of the last training batch, laid
// out as Running; zero for an empty batch, which has none.
func (n *Network) Stats() []float32 { return n.stats }

// Blend moves the running statistics a tenth of the way to stats, which is laid
// out as Running: running = 0.9·running + 0.1·stats. It is called when a step is
// committed, with stats = Σ (n_s/B)·Stats of shard s, while no replica works.
func (n *Network) Blend(stats []float32) {
	if len(stats) != len(n.running) {
		panic(fmt.Sprintf("model: %d statistics for %d running values", len(stats), len(n.running)))
	}
	for _, p := range n.moving {
		blend(p.v, p.of(stats))
	}
}

// Tensor is a named window into Params or Running: what a model file stores.
type Tensor struct {
	// Name is "layers.INDEX.NAME", as a sequence of layers has it in other
	// frameworks: weight, bias, running_mean, running_var. In an ensemble it is
	// "members.MEMBER.layers.INDEX.NAME".
	Name string
	// Shape: dense weights are [in out], convolutions [out in*height*width],
	// all else [channels].
	Shape []int
	// Data is the network's memory, row-major. Writing it changes the network.
	Data []float32
	// Running tells running statistics from parameters.
	Running bool
	// Offset is the place of Data in Params or Running; the gradient lies at
	// the same place of Grads.
	Offset int
}

// Tensors returns all tensors of the network, sorted by name as strings are.
func (n *Network) Tensors() []Tensor {
	var list []Tensor
	for i, l := range n.layers {
		for _, p := range l.params() {
			list = append(list, Tensor{
				Name:    n.layerName(i) + "." + p.name,
				Shape:   slices.Clone([]int(p.value.Shape())),
				Data:    p.v,
				Running: p.running,
				Offset:  p.offset,
			})
		}
	}
	slices.SortFunc(list, func(a, b Tensor) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// layerName names layer i, counted over all members.
func (n *Network) layerName(i int) string {
	if len(n.logits) == 1 {
		return fmt.Sprintf("layers.%d", i)
	}
	return fmt.Sprintf("members.%d.layers.%d", i/n.depth, i%n.depth)
}

// Summary is a table of the layers for people: index, layer, shape of a
// sample behind it, parameters.
func (n *Network) Summary() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\tinput\t%v\t\n", n.cfg.Input)
	for i, l := range n.of(0) {
		size := 0
		for _, p := range l.params() {
			if !p.running {
				size += p.size()
			}
		}
		fmt.Fprintf(w, "%d\t%v\t%v\t%d\n", i, l, []int(n.shapes[i]), size)
	}
	if members := len(n.logits); members > 1 {
		fmt.Fprintf(w, "\tmembers\t\t%d\n", members)
	}
	fmt.Fprintf(w, "\ttotal\t\t%d\n", n.NumParams())
	w.Flush()
	return b.String()
}
