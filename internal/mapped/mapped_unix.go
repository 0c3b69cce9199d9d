//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package mapped

import (
	"os"
	"syscall"
)

// File returns the first size bytes of a file, read in place: they stay when
// the file is closed or removed, and must not be written to. Free gives them
// back.
func File(f *os.File, size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	return b, os.NewSyscallError("mmap", err)
}

// Scratch makes size zeros of an empty file and returns them, to be read and
// written in place. It takes as much of the disk as is written to. They stay
// when the file is closed.
func Scratch(f *os.File, size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return b, os.NewSyscallError("mmap", err)
}

// Free gives back what File or Scratch has returned. Nobody may look at it any
// more.
func Free(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return os.NewSyscallError("munmap", syscall.Munmap(b[:len(b):len(b)]))
}

// Temp returns an empty file in dir that has no name, so that it is gone when
// the program ends, however it does.
func Temp(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "scratch-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// inPlace tells whether files are read in place here.
const inPlace = true
