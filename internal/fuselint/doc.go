// Package fuselint finds float arithmetic that the compiler may fuse.
//
// A Go compiler may compute x*y + z with one rounding instead of two, and does
// so on arm64, ppc64, riscv64, s390x and amd64 at GOAMD64=v3, so that the last
// bit depends on the machine. The language forbids it only where the product is
// explicitly converted: float64(x*y) + z. The product and the sum need not
// stand in one expression. All of these were seen fused (Go 1.26, arm64):
//
//	r = x*y + z
//	t := x * y; r = t + z             // a variable
//	p[i] = x * y; p[i] += z           // memory, once loads are forwarded
//	r = add(x*y, z)                   // an argument, after inlining
//	r = mul(x, y) + z                 // a result, after inlining
//
// So the rule is: a float product is converted at once, unless it is a factor of
// another product or quotient, an operand of a comparison, or assigned to
// something that the same function never adds or subtracts. Products with a
// constant power of two are exact, fused or not, and are exempt.
//
// Check applies the rule to packages of a module; an architecture test calls it.
package fuselint
