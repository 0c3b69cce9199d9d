package e2e

import (
	"net"
	"sync"
	"testing"
)

var addresses sync.Map

// freeAddress returns a loopback address that was free a moment ago, the same
// one for the same name within a test.
func freeAddress(t *testing.T, name string) string {
	t.Helper()
	key := t.Name() + "/" + name
	if a, ok := addresses.Load(key); ok {
		return a.(string)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addresses.Store(key, l.Addr().String())
	return l.Addr().String()
}

// listening reports whether somebody listens at an address.
func listening(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
