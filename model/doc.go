// Package model holds the classifiers: logistic regression, multi-layer
// perceptrons and residual ones for tables, LeNet, ResNets and wide ResNets for
// images, with dropout and batch, layer or group norm. In front of them a table's
// columns may be embedded ([Field]), beside each other they may be an ensemble,
// and by name parts of them may be frozen.
//
// # Flat vectors
//
// All parameters of a [Network] are one []float32 ([Network.Params]) and all
// gradients another ([Network.Grads]). Layers hold windows into them, which
// begin at multiples of 16 elements, with zeros in between. So the optimizer,
// the all-reduce and the model file see one slice, and nothing is ever copied
// together or apart. The running statistics of batch norm are a third vector
// ([Network.Running]), with what one batch adds to them beside it
// ([Network.Stats]).
//
// # Call order
//
// Weighted training needs the loss of each sample before it knows the weights,
// so a step is two calls, and the loss is an argument that no layer knows:
//
//	losses := net.Losses(pass, loss, x, labels) // forward; ℓ_i
//	... w_i from the losses of the whole global batch ...
//	net.Backward(w, nil)                        // Grads = Σ w_i ∇ℓ_i
//	slopes := net.JVP(dir)                      // ⟨∇ℓ_i, dir⟩, if wanted
//
// Backward and JVP refer to the last Losses and may be called any number of
// times, in any order. Until then x and labels must not change.
//
// A Network is single-threaded. [Network.Replica] gives another one over the
// same parameters and running statistics, with activations and gradients of its
// own: one for each shard, used on as many goroutines as there are. Writing the
// shared vectors (an optimizer step, [Network.Blend]) is for when no replica is
// at work.
//
// # Numeric contract
//
// The result is a function of the parameters, the batch and the [Pass], bit for
// bit, on every processor. Each output of a matrix product or convolution is one
// chain of fused multiply-adds (internal/kernel) whose order depends on the
// layer's sizes only; gradients by weights run over samples, then positions, in
// ascending order. So in a network without batch norm the loss of a sample does
// not depend on which others are in the batch. With batch norm it does:
// statistics are those of the shard ("ghost" batch norm).
//
// NaN is never dropped: ReLU, pooling, dropout and the losses pass it on.
// Gradients by a logit below 2⁻⁷⁰ are taken as 0: those of a sample that is
// learnt for good would become subnormal some layers back, which is slow.
//
// No call allocates after the first one with the largest number of rows.
package model
