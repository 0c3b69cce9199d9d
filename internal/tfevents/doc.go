// Package tfevents writes the records of TensorBoard's event files: scalars by
// step, and the word that some steps come again.
//
// A file is a row of records, each framed by its length and two checksums. A
// record is an Event of TensorFlow's protocol buffers, of which a few fields
// are needed; their numbers are in event.go, and no generated code is. The
// first record names the version of the format. Files of one directory are
// read in the order of their names, which begin with the time: see [Name].
package tfevents
