// Package scaling simulates training steps on more nodes than anybody has at
// hand: the code of the ring itself, over the in-memory transport, whose edges
// have a delay and a rate, in the virtual time of testing/synctest.
//
// # What is real and what is not
//
// Real: every collective of a step with every frame of every node, in the order
// in which train/step.go has them, and the additions. Not real: the passes of
// the network, which are pauses of the length measured on one process; the
// processor's work for a frame, which takes no time; a node's network, whose
// edges share neither a switch nor each other's rate; and stragglers: all
// nodes compute for the same time. So it shows what the ring's structure
// costs, not what a given cluster will do.
//
// # Variants
//
// The program's choices are simulated beside each other: a gradient in two
// levels ([Variant.Fold], its --fold), and collectives between the layers of the
// backward pass ([Variant.Overlap]). One thing it does not do: small messages that
// go round the ring instead of over its chords ([Variant.Round]), to see what
// those bring.
package scaling
