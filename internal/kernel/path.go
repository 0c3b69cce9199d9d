package kernel

import "fmt"

// path is a way to compute; a larger one is faster.
type path int

const (
	portable path = iota
	avx2          // 256-bit vectors, FMA
	avx512        // 512-bit vectors: F, DQ, BW and VL
)

var pathNames = [...]string{portable: "portable", avx2: "avx2", avx512: "avx512"}

// active is the path in use. It is written by Use only.
var active = fastest()

// Paths returns the names of the paths this processor supports, the fastest
// one, which is the default, last. It is for tests and benchmarks.
func Paths() []string {
	return append([]string(nil), pathNames[:fastest()+1]...)
}

// Path returns the name of the path in use.
func Path() string { return pathNames[active] }

// Use makes all kernels take the named path, one of [Paths], and returns a
// function that undoes it. It is for tests and benchmarks: no kernel may run
// in another goroutine meanwhile. It panics if the processor lacks the path.
func Use(name string) (undo func()) {
	for p := portable; p <= fastest(); p++ {
		if pathNames[p] == name {
			old := active
			active = p
			return func() { active = old }
		}
	}
	panic(fmt.Sprintf("kernel: path %q is not one of %v", name, Paths()))
}
