// Package safetensors reads and writes the safetensors file format
// (github.com/huggingface/safetensors), for float32 tensors.
//
// A file is eight bytes with the length of the header (little endian), the
// header (a JSON object padded with spaces), and the tensors' bytes:
//
//	{"__metadata__": {"key": "value"},
//	 "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
//
// [Write] gives equal bytes for equal content: metadata keys and tensors are
// sorted, nothing of the machine or the moment enters, and the header is
// padded so that the data starts at a multiple of eight. The checksum of a
// model file rests on this.
//
// [Read] trusts nothing: the length of the header is bounded before anything
// is allocated, and the tensors have to cover the data exactly, without
// gaps, overlaps or bytes left over. So a damaged file is refused with a
// message and never read as a model with other numbers.
package safetensors
