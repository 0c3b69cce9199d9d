package model

import (
	"math"

	"github.com/ballast-ml/ballast/internal/rng"
)

// heBound is the bound of He's uniform initialisation, for a layer that a ReLU
// follows: variance 2/fanIn (He et al., "Delving deep into rectifiers", 2015).
func heBound(fanIn int) float64 { return math.Sqrt(6 / float64(fanIn)) }

// glorotBound is the bound of Glorot's uniform initialisation, for the last
// layer: variance 2/(fanIn+fanOut) (Glorot and Bengio, "Understanding the
// difficulty of training deep feedforward neural networks", 2010).
func glorotBound(fanIn, fanOut int) float64 { return math.Sqrt(6 / float64(fanIn+fanOut)) }

// initialise sets every parameter and running statistic; scale multiplies the
// bounds of uniform weights. Each tensor has a random stream of its own, so
// adding a layer at the end, or a member, leaves what is before it as it was.
func initialise(layers []layer, depth int, seed uint64, scale float64) {
	for i, l := range layers {
		for j, p := range l.params() {
			stream := rng.New(seed, rng.Init, uint64(i/depth)<<32|uint64(i%depth), uint64(j))
			for k := range p.v {
				switch {
				case p.bound != 0:
					u := float64(2*stream.Float64(uint64(k))) - 1
					p.v[k] = float32(u * float64(p.bound*scale))
				case p.deviation != 0:
					p.v[k] = float32(stream.Norm(uint64(k)) * p.deviation)
				default:
					p.v[k] = p.fill
				}
			}
		}
	}
}
