package telemetry

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

var errAddress = errors.New("want HOST:PORT, PORT (at 127.0.0.1), or 0 for any free port there")

// Address completes an address to listen on: a port without a host is one of
// loopback.
func Address(text string) (string, error) {
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errAddress
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", errAddress
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), nil
}

// Next returns the address i ports further on; that of any free port serves
// all. It fails if there are not so many ports.
func Next(addr string, i int) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "0" {
		return addr, err
	}
	n, err := strconv.Atoi(port)
	if err == nil && n+i > maxPort {
		err = fmt.Errorf("it would be port %d, and ports end at %d", n+i, maxPort)
	}
	return net.JoinHostPort(host, strconv.Itoa(n+i)), err
}

const maxPort = 1<<16 - 1

// AnyPort returns the address with any free port.
func AnyPort(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return net.JoinHostPort(host, "0")
}
