//go:build !unix

package wire

const nonblocking = false

func writeNow(uintptr, []byte) (int, error) { panic("wire: no writes without waiting here") }
