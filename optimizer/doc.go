// Package optimizer decides how much each sample counts and how a gradient
// becomes a step.
//
// A [Weighter] turns the losses of a global batch into weights. It sees its
// node's shards only, and asks the others for a few numbers through a
// [Reducer]. Every weight is a product, w_i = f_s·q_i: q_i belongs to the sample
// and f_s, which holds the global normaliser, to the shard, so that a backward
// pass with the q may run before the normaliser is known. The weights carry the
// whole normalisation: gradients are summed over shards and nodes, never
// averaged.
//
// A [Transform] is one link of an optimizer chain, named by its effect: clip,
// add decay, keep momentum, scale. [Chain] joins links, and an [Optimizer] is a
// chain with its state. Optimizers are read as sentences:
//
//	adamw = Chain(ScaleByAdam(...), AddDecoupledDecay(wd), ScaleBySchedule(lr, schedule))
//
// Links that treat each element on its own run together, over blocks that stay
// in the nearest cache; the last learning rate and the step itself are one
// fused multiply-add.
//
// State is plain data, apart from the code: it can be saved, sent to a node that
// joins, and compared.
//
// Nothing here starts a goroutine, looks at a clock, or knows a rank. The same
// losses in the same shards give the same bits on every node and processor:
// weights are computed in float64 with internal/detmath, normalisers are folded
// in shard order, and products are rounded by explicit conversions so that no
// compiler fuses them.
package optimizer
