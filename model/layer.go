package model

// layer is one link of the chain from inputs to logits. Activations are
// row-major: one sample after the other, a sample as channels, height, width or
// as features. Layers see at least one row: the network handles the empty batch.
//
// A layer's result is memory of its own, or the argument's: ReLU works in place.
// That is right because it stands behind layers that do not need their output
// for anything else (dense, conv, norm), and because nothing that stands behind
// it works in place on its output. Those layers may do the ReLU themselves.
type layer interface {
	// Forward returns the outputs for the inputs x and remembers what Backward
	// and JVP need, x included: the caller leaves x alone until the next
	// Forward.
	Forward(p Pass, x []float32) (y []float32)
	// Backward returns the gradient of a function of the outputs by the inputs,
	// given that by the outputs, and overwrites the layer's window of the
	// gradient vector. It returns nil if the layer is the network's first. It
	// may overwrite dy, and nothing that Forward has left.
	Backward(dy []float32) (dx []float32)
	// JVP returns the derivative of the outputs along the direction (dx, dir):
	// dx moves the inputs (nil: they stand still) and dir, a vector like
	// Network.Params, the parameters. It may overwrite dx, and nothing that
	// Forward has left.
	JVP(dx, dir []float32) (dy []float32)
	// params lists the layer's windows, always in the same order.
	params() []*param
	// String is one short phrase for people.
	String() string
}

// grow returns *buf with length n, whose content is whatever was there. It
// allocates if the capacity does not suffice.
func grow(buf *[]float32, n int) []float32 {
	if cap(*buf) < n {
		*buf = make([]float32, n)
	}
	*buf = (*buf)[:n]
	return *buf
}
