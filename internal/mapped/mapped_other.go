//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package mapped

import (
	"io"
	"os"
)

// File returns the first size bytes of a file, in memory.
func File(f *os.File, size int) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(size)), b)
	return b, err
}

// Scratch returns size zeros, in memory.
func Scratch(_ *os.File, size int) ([]byte, error) { return make([]byte, size), nil }

// Free does nothing.
func Free([]byte) error { return nil }

// Temp returns an empty file in dir. It is for the caller to remove.
func Temp(dir string) (*os.File, error) { return os.CreateTemp(dir, "scratch-*") }

// inPlace tells whether files are read in place here.
const inPlace = false
