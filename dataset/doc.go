// Package dataset turns a word such as "glyphs", "idx:DIR" or "csv:FILE" into
// the training, validation and test rows of a run, and hands them out batch by
// batch.
//
// # From a word to rows
//
// [Open] reads a source, chooses rows, flips labels if asked to, fits what a
// model is to see of the columns of tables, by the training rows alone, and
// returns a [Data]. Tables are read by the package frame. Everything random in it comes
// from one integer hash of (seed, row number, stream), so a program in any
// language can rebuild the same rows; no generator has a state, and no choice
// depends on the order in which things are read.
//
//	rows      numbered from 0 in file order: the training file, then the test file
//	split     stratified 80/20 into training and test rows, where the source
//	          has no test rows of its own (stream 0)
//	long tail training classes thinned to an exponential profile (stream 1)
//	noise     labels of the kept training rows flipped (streams 2 and 3)
//	val       a stratified part of what is then the training set (stream 4)
//
// in this order. Validation rows are therefore long-tailed and noisy as the
// training rows are, and test rows are never touched: what one could know
// about such data without having seen the test rows. Stream 5 orders the
// classes of the built-in glyphs along their tail.
//
// Files are local, or on a web server: then they are downloaded into temporary
// files that are gone when they have been read. Each node reads its own copy,
// from its own place.
//
// What is larger than Spec.InMemory lies in files without names that are read
// and written in place (type room); the code that goes over it does not know.
//
// # From rows to batches
//
// A [Plan] is pure arithmetic: the global batch of step t is a window of the
// epoch's permutation, which is a function of (seed, epoch). [ShardRange] cuts
// a batch into its shards. A [Loader] reads the shards that this node hosts
// one or two batches ahead, in one goroutine, into buffers that it uses again;
// [Augment] changes images on the way.
//
// A [Stream] is rows behind those that Open has read, its head, which go by the
// same Loader, in their order.
//
// # Same data?
//
// [Data.Fingerprint] is a hash of everything above: rows, labels, features as
// a model sees them, names of the classes, and preprocessing. It does not depend on the
// place of the files or on their compression, so nodes can compare it.
//
// Errors name the file, the line (from 1), the column (by its index from 0, as
// Spec.Label counts) and what was expected there; they are meant for the person
// who typed the word.
package dataset
