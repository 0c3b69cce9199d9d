package cli

import (
	"net/netip"
	"strings"
	"testing"
)

func TestChooseAdvertised(t *testing.T) {
	list := []netInterface{
		{"docker0", []netip.Addr{netip.MustParseAddr("172.17.0.1")}},
		{"eth0", []netip.Addr{netip.MustParseAddr("fd00::7"), netip.MustParseAddr("10.1.2.3")}},
		{"ib0", []netip.Addr{netip.MustParseAddr("192.168.9.4")}},
		{"wg0", []netip.Addr{netip.MustParseAddr("fd01::1")}},
		{"dark0", nil},
	}
	for _, tt := range []struct{ flag, want, err string }{
		{"host-a", "host-a", ""},
		{"host-a:7700", "host-a:7700", ""},
		{"10.9.9.9", "10.9.9.9", ""}, // behind a translation of addresses, say
		{"eth0", "10.1.2.3", ""},
		{"wg0", "fd01::1", ""},
		{"192.168.0.0/16", "192.168.9.4", ""},
		{"fd00::/64", "fd00::7", ""},
		{"^docker", "10.1.2.3", ""},
		{"^docker,eth", "192.168.9.4", ""},
		{"^docker0,eth0,ib0", "fd01::1", ""},
		{"^d,e,i,w", "", "no address is left; this machine has the interfaces docker0, eth0"},
		{"11.0.0.0/8", "", "no interface has an address in this network"},
		{"dark0", "", "has no address"},
	} {
		got, err := choose(tt.flag, list)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v; want %q, %q", tt.flag, got, err, tt.want, tt.err)
		}
	}
}
