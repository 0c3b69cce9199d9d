// Package mapped is memory that lies in files: what is larger than the memory
// of a machine is read and written in place, and the operating system keeps of
// it what was touched last.
//
// Where files cannot be mapped (Windows and others), the same functions give
// ordinary memory.
package mapped

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// Guard calls f and returns an error if f touches mapped memory that cannot be
// had: the file behind it was cut short, its disk is full or has failed. Without
// it the program dies. It looks after the calling goroutine only.
func Guard(f func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface {
			error
			Addr() uintptr // of a fault; other panics have none
		}:
			err = fmt.Errorf("a file that is read in place was cut short, or its disk is full or has failed (%w)", r)
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// Values returns the memory of b as values of this machine's order of bytes. It
// panics unless b begins where such a value may lie and holds whole ones.
func Values[T int32 | float32 | float64](b []byte) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if len(b) == 0 {
		return nil
	}
	at := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(at)%uintptr(size) != 0 || len(b)%size != 0 {
		panic(fmt.Sprintf("mapped: %d bytes at %p for values of %d", len(b), at, size))
	}
	return unsafe.Slice((*T)(at), len(b)/size)
}

// LittleEndian tells whether this machine's values begin with their low byte,
// as those in files do.
var LittleEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}()
