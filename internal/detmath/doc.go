// Package detmath has the elementary functions that may reach a model: the same
// bits on every processor.
//
// The functions of the standard library do not have that property: math.Exp is
// assembly on amd64, arm64 and s390x, and the compiler fuses x*y+z where the
// processor can (arm64, ppc64, s390x, riscv64, and amd64 at GOAMD64=v3), so
// the last bit of a logarithm depends on the machine. Here every product is
// rounded by an explicit conversion, float64(x*y), which the language forbids
// to fuse, and nothing is called but operations that IEEE 754 defines exactly
// (+, -, *, /, math.Sqrt, math.FMA) and manipulations of bits.
//
// The algorithms of Exp, Expm1, Log and Log1p are FreeBSD's msun, those of Sin
// and Cos are Cephes, all as they stand in Go's own portable sources (LICENSE.golang
// has their licence; the notices of the originals are kept in each file). Pow
// goes through a logarithm in two float64s. Errors are below 1 unit in the last
// place for Exp, Expm1, Log, Log1p and Pow, and below 2 for the others; results
// below the normal range may have one more, and Sin and Cos of more than 2**29
// radians are good to 2**-52 in absolute terms.
//
// A NaN result is always the one NaN of math.NaN, whatever the sign and payload
// of the argument: processors differ in those too.
package detmath
