package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// machine is what the listening rule asks of the machine; tests replace it.
type machine struct {
	hostname string
	own      func(net.IP) bool
	lookup   func(ctx context.Context, host string) ([]net.IP, error)
}

// thisMachine returns the machine that the program runs on.
func thisMachine() machine {
	hostname, _ := os.Hostname() // "" names nobody
	addrs, _ := net.InterfaceAddrs()
	return machine{
		hostname: hostname,
		own: func(ip net.IP) bool {
			for _, a := range addrs {
				if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
					return true
				}
			}
			return ip.IsLoopback()
		},
		lookup: func(ctx context.Context, host string) ([]net.IP, error) {
			return net.DefaultResolver.LookupIP(ctx, "ip", host)
		},
	}
}

// candidates returns the addresses at which to try to listen, in order: those
// seeds that are this machine's, then a free port. A seed given by name is
// listened for on all interfaces, since the name may mean a loopback address
// here (as 127.0.1.1 on Debian) and another one elsewhere.
func (m machine) candidates(ctx context.Context, seeds []string) []string {
	var out []string
	local := true
	for _, seed := range seeds {
		host, port, err := net.SplitHostPort(seed)
		if err != nil {
			continue // cluster.Config names it
		}
		ip := net.ParseIP(host)
		switch {
		case ip != nil && m.own(ip):
			out = append(out, seed)
		case host == "localhost":
			out = append(out, net.JoinHostPort("127.0.0.1", port))
		case ip == nil && m.isMe(ctx, host):
			out = append(out, net.JoinHostPort("", port))
		}
		local = local && (host == "localhost" || ip != nil && ip.IsLoopback())
	}
	if local {
		return append(out, "127.0.0.1:0")
	}
	return append(out, ":0")
}

// isMe reports whether a host name means this machine. The comparison with the
// machine's own name serves where DNS does not know it yet.
func (m machine) isMe(ctx context.Context, host string) bool {
	first, _, _ := strings.Cut(host, ".")
	if m.hostname != "" && (host == m.hostname || first == m.hostname) {
		return true
	}
	ips, err := m.lookup(ctx, host)
	if err != nil {
		return false
	}
	for _, ip := range ips {
		if m.own(ip) {
			return true
		}
	}
	return false
}

// bind opens the port on TCP and UDP at addr or, if it is empty, at the first
// candidate that is free.
func bind(ctx context.Context, addr string, seeds []string) (net.Listener, *net.UDPConn, error) {
	if addr != "" {
		return both(ctx, addr)
	}
	var err error
	for _, c := range thisMachine().candidates(ctx, seeds) {
		var tcp net.Listener
		var udp *net.UDPConn
		if tcp, udp, err = both(ctx, c); err == nil {
			return tcp, udp, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, nil, err
}

// freeTries is how often a free TCP port is taken whose UDP port is not free.
const freeTries = 20

// both opens TCP and UDP at one address.
func both(ctx context.Context, addr string) (net.Listener, *net.UDPConn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, fmt.Errorf("rpc: listen address %q: want HOST:PORT, :PORT, or HOST:0 for a free port", addr)
	}
	var lc net.ListenConfig
	for try := 1; ; try++ {
		tcp, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, nil, explainListen("tcp", addr, err)
		}
		at := *tcp.Addr().(*net.TCPAddr)
		udp, err := lc.ListenPacket(ctx, "udp", at.String())
		if err == nil {
			c := udp.(*net.UDPConn)
			_ = c.SetReadBuffer(1 << 20) // a wish; the kernel's default works too
			return tcp, c, nil
		}
		_ = tcp.Close()
		if port != "0" || try == freeTries {
			return nil, nil, explainListen("udp", at.String(), err)
		}
	}
}

// explainListen says what to do about a port that cannot be had.
func explainListen(network, addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("rpc: cannot listen on %s %s: the port is in use: stop the program that has it, or choose another port: %w", network, addr, syscall.EADDRINUSE)
	}
	return fmt.Errorf("rpc: cannot listen on %s %s: %w", network, addr, err)
}

// nowhere is an address that no machine has (RFC 5737). Asking for the route
// to it sends nothing and tells the address of the default route.
const nowhere = "192.0.2.1:9"

// reachable returns the address to tell others for a listener bound to at: at
// itself or, if it is all interfaces, the one on the route to the first seed
// on another machine, else on the default route, else loopback.
func reachable(ctx context.Context, at *net.TCPAddr, seeds []string) string {
	if !at.IP.IsUnspecified() {
		return at.String()
	}
	var d net.Dialer
	for _, to := range append(append([]string(nil), seeds...), nowhere) {
		c, err := d.DialContext(ctx, "udp", to) // connecting a UDP socket only asks for the route
		if err != nil {
			continue
		}
		ip := c.LocalAddr().(*net.UDPAddr).IP
		_ = c.Close()
		if !ip.IsLoopback() {
			return (&net.TCPAddr{IP: ip, Port: at.Port}).String()
		}
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at.Port}).String()
}
