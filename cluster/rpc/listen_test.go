package rpc

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCandidates(t *testing.T) {
	m := machine{
		hostname: "worker-0",
		own:      func(ip net.IP) bool { return ip.IsLoopback() || ip.Equal(net.IPv4(10, 0, 0, 5)) },
		lookup: func(_ context.Context, host string) ([]net.IP, error) {
			switch host {
			case "alias.example":
				return []net.IP{net.IPv4(10, 0, 0, 9), net.IPv4(10, 0, 0, 5)}, nil
			case "other.example":
				return []net.IP{net.IPv4(10, 0, 0, 9)}, nil
			}
			return nil, errors.New("no such host")
		},
	}
	for _, c := range []struct {
		seeds []string
		want  []string
	}{
		{nil, []string{"127.0.0.1:0"}},
		{[]string{"127.0.0.1:7946"}, []string{"127.0.0.1:7946", "127.0.0.1:0"}},
		{[]string{"localhost:7946"}, []string{"127.0.0.1:7946", "127.0.0.1:0"}},
		{[]string{"10.0.0.5:7946"}, []string{"10.0.0.5:7946", ":0"}},
		{[]string{"10.0.0.9:7946"}, []string{":0"}},
		{[]string{"other.example:7946"}, []string{":0"}},
		{[]string{"unknown.example:7946"}, []string{":0"}},
		{[]string{"alias.example:7946"}, []string{":7946", ":0"}},
		{[]string{"worker-0:7946"}, []string{":7946", ":0"}},
		{[]string{"worker-0.headless.svc:7946", "worker-1.headless.svc:7946"}, []string{":7946", ":0"}},
		{[]string{"127.0.0.1:1", "127.0.0.1:2"}, []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:0"}},
		{[]string{"not an address"}, []string{"127.0.0.1:0"}},
	} {
		if d := cmp.Diff(c.want, m.candidates(t.Context(), c.seeds)); d != "" {
			t.Errorf("%v: %s", c.seeds, d)
		}
	}
}

func TestPortInUseIsTold(t *testing.T) {
	s := listen(t)
	_, err := Listen(t.Context(), s.Addr())
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{s.Addr(), "the port is in use", "choose another port"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}

	// Only the UDP half is taken: the TCP half must be given back.
	udp := udpAlone(t)
	if _, err := Listen(t.Context(), udp.LocalAddr().String()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "udp "+udp.LocalAddr().String()) {
		t.Errorf("got %v", err)
	}
	tcp, err := net.Listen("tcp", udp.LocalAddr().String())
	if err != nil {
		t.Fatalf("the TCP port was kept: %v", err)
	}
	tcp.Close()
}

// udpAlone takes a UDP port whose TCP half is free: the system looks only for
// the half that it is asked for, and other programs have connections.
func udpAlone(t *testing.T) net.PacketConn {
	t.Helper()
	for {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { udp.Close() })
		if tcp, err := net.Listen("tcp", udp.LocalAddr().String()); err == nil {
			tcp.Close()
			return udp
		}
	}
}

func TestBadListenAddressIsTold(t *testing.T) {
	for addr, want := range map[string]string{
		"7946":              "want HOST:PORT",
		"192.0.2.1:7946":    "cannot listen on tcp 192.0.2.1:7946",
		"127.0.0.1:http-ng": "cannot listen on tcp 127.0.0.1:http-ng",
	} {
		if _, err := Listen(t.Context(), addr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// The first of several equal commands on one machine becomes the seed, the
// others take free ports.
func TestFirstOnTheMachineIsTheSeed(t *testing.T) {
	free := listen(t)
	seed := free.Addr()
	free.Close()
	first, err := Listen(t.Context(), "", Seeds(seed))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := Listen(t.Context(), "", Seeds(seed))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if first.Addr() != seed || second.Addr() == seed || !strings.HasPrefix(second.Addr(), "127.0.0.1:") {
		t.Errorf("seed %s, first listens at %s and second at %s", seed, first.Addr(), second.Addr())
	}
}

func TestReachableIsAnAddress(t *testing.T) {
	for _, c := range []struct {
		at    net.TCPAddr
		seeds []string
		want  string // "" is any address that can be dialled
	}{
		{net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}, nil, "127.0.0.1:7"},
		{net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 7}, []string{"127.0.0.1:1"}, "10.0.0.5:7"},
		{net.TCPAddr{IP: net.IPv6unspecified, Port: 7}, []string{"127.0.0.1:1"}, ""},
	} {
		got := reachable(t.Context(), &c.at, c.seeds)
		host, port, err := net.SplitHostPort(got)
		if c.want != "" && got != c.want || err != nil || port != "7" || net.ParseIP(host) == nil || net.ParseIP(host).IsUnspecified() {
			t.Errorf("%v: %s, want %s", &c.at, got, c.want)
		}
	}
}
