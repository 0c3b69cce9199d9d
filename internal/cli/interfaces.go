package cli

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// netInterface is a network interface that is up, and its addresses.
type netInterface struct {
	name  string
	addrs []netip.Addr
}

// Advertised returns the address that --advertise means on this machine. It may
// be a HOST or HOST:PORT, which stay as they are, or choose among the machine's
// own addresses: by the NAME of an interface, by a network as 10.0.0.0/8, or as
// the first that is not of an interface left out by ^NAME,NAME... Such an
// address is an IPv4 one if there is one, and never loopback's.
func Advertised(flag string) (string, error) {
	if flag == "" {
		return "", nil
	}
	list, err := interfaces()
	if err != nil {
		return flag, nil // it may be an address: then nobody needs the list
	}
	addr, err := choose(flag, list)
	if err != nil {
		return "", Usagef("--advertise %s: %w", flag, err)
	}
	return addr, nil
}

// interfaces returns those of this machine that are up, but for loopback.
func interfaces() ([]netInterface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []netInterface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		one := netInterface{name: i.Name}
		for _, a := range addrs {
			if n, err := netip.ParsePrefix(a.String()); err == nil && !n.Addr().IsLinkLocalUnicast() {
				one.addrs = append(one.addrs, n.Addr().Unmap())
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// choose is Advertised on a machine with these interfaces.
func choose(flag string, list []netInterface) (string, error) {
	var names []string
	for _, i := range list {
		names = append(names, i.name)
	}
	have := "this machine has the interfaces " + strings.Join(names, ", ")
	if without, ok := strings.CutPrefix(flag, "^"); ok {
		left := func(i netInterface, _ netip.Addr) bool { return !matchesAny(i.name, strings.Split(without, ",")) }
		if addr, ok := pick(list, left); ok {
			return addr, nil
		}
		return "", fmt.Errorf("no address is left; %s", have)
	}
	if network, err := netip.ParsePrefix(flag); err == nil {
		if addr, ok := pick(list, func(_ netInterface, a netip.Addr) bool { return network.Contains(a) }); ok {
			return addr, nil
		}
		return "", fmt.Errorf("no interface has an address in this network; %s", have)
	}
	for _, i := range list {
		if i.name != flag {
			continue
		}
		if addr, ok := pick([]netInterface{i}, func(netInterface, netip.Addr) bool { return true }); ok {
			return addr, nil
		}
		return "", fmt.Errorf("this interface has no address")
	}
	return flag, nil
}

// matchesAny tells whether an interface is one of those that are named: by the
// name, or its beginning, as docker for docker0.
func matchesAny(name string, words []string) bool {
	for _, w := range words {
		if w != "" && strings.HasPrefix(name, w) {
			return true
		}
	}
	return false
}

// pick returns the first address that suits, an IPv4 one if there is one.
func pick(list []netInterface, suits func(netInterface, netip.Addr) bool) (string, bool) {
	var other string
	for _, i := range list {
		for _, a := range i.addrs {
			switch {
			case !suits(i, a):
			case a.Is4():
				return a.String(), true
			case other == "":
				other = a.String()
			}
		}
	}
	return other, other != ""
}
