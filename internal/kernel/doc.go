// Package kernel holds the loops where the time goes: matrix products and
// vector operations on float32 slices.
//
// # Contract
//
// Every function gives the same bits on every processor and on every path
// (AVX-512, AVX2, portable), whatever the alignment of its arguments, the
// number of rows it is called with, or the number of goroutines:
//
//   - Each element of a matrix product is one chain of fused multiply-adds over
//     k in ascending order, c = fma(a[k], b[k], c), starting from 0 (or from
//     the old value when accumulating). Vectors run over output elements,
//     never over k. Cutting k into blocks changes nothing, since a partial sum
//     is a float32 wherever it is kept.
//   - Element-wise kernels round as their doc comment says.
//
// The only freedom is in NaN: a NaN stays a NaN, but its sign and payload may
// differ between paths.
//
// Matrices are row-major and dense. A slice too short for its shape, or
// vectors of unequal length, panic: they are the caller's mistake. A matrix
// slice may be longer than its shape; the rest is not touched. The destination
// of a matrix product must not overlap its operands; element-wise kernels may
// work in place. No function allocates once its scratch memory is pooled.
//
// # Paths
//
// The fastest path the processor supports is chosen when the program starts.
// GODEBUG=cpu.avx512f=off turns the AVX-512 path off, and
// GODEBUG=cpu.avx512f=off,cpu.avx2=off leaves the portable one; the bits are
// the same. Tests and benchmarks choose by [Use].
//
// The assembly is written by the program in gen, a module of its own so that
// its dependencies stay out of this one. All vector registers are cleared
// (VZEROUPPER) before a kernel returns: a dirty upper half makes later scalar
// floating-point code slower by orders of magnitude on some processors.
//
// # Shapes that are fast
//
// Columns of the output fill vectors of 16 (AVX-512) or 8 (AVX2) lanes, and
// rows are kept in registers, up to 14 or 6 at a time. So the wide dimension
// belongs in the columns: 6×784 is fast, 784×6 wastes 10 of 16 lanes.
package kernel

//go:generate go run -C gen . -set matmul -out ../matmul_amd64.s -stubs ../matmul_stubs_amd64.go -pkg kernel
//go:generate go run -C gen . -set vector -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go -pkg kernel
//go:generate go run -C gen . -set grid -out ../grid_amd64.s -stubs ../grid_stubs_amd64.go -pkg kernel
//go:generate go run -C gen . -set planes -out ../planes_amd64.s -stubs ../planes_stubs_amd64.go -pkg kernel
//go:generate go run -C gen . -set exp -out ../exp_amd64.s -stubs ../exp_stubs_amd64.go -pkg kernel
//go:generate go run -C gen . -set dispatch -out ../matmul_dispatch_amd64.go
