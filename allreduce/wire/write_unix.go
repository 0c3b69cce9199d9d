//go:build unix

package wire

import "syscall"

// nonblocking tells whether writeNow works here.
const nonblocking = true

// writeNow writes what the kernel takes at once. An error of EAGAIN is none.
func writeNow(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		switch err {
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return n, err
		}
	}
}
