package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// space is a network namespace with an address on a bridge: a host of its own,
// as far as the network goes, whose cable can be pulled.
type space struct {
	name string // of the namespace
	addr string // in it
	veth string // the bridge's end of its cable
}

var bridges atomic.Int32

// newSpaces returns n namespaces that reach each other. The test is skipped
// where they cannot be made: elsewhere than on Linux, and without root.
func newSpaces(t *testing.T, n int) []space {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil || os.Getuid() != 0 {
		t.Skip("network namespaces need Linux, root and the program ip")
	}
	number := bridges.Add(1)
	prefix := fmt.Sprintf("bl%d-%d", os.Getpid()%100000, number)
	if out, err := ip("link", "add", prefix, "type", "bridge"); err != nil {
		t.Skipf("no bridge can be made here: %v: %s", err, out)
	}
	t.Cleanup(func() { ip("link", "del", prefix) })
	must(t, "link", "set", prefix, "up")
	spaces := make([]space, n)
	for i := range spaces {
		s := space{fmt.Sprintf("%s-%d", prefix, i), fmt.Sprintf("10.251.%d.%d", number%250, i+1), fmt.Sprintf("%s%c", prefix, 'a'+i)}
		must(t, "netns", "add", s.name)
		t.Cleanup(func() { ip("netns", "del", s.name) })
		must(t, "link", "add", s.veth, "type", "veth", "peer", "name", "eth0", "netns", s.name)
		t.Cleanup(func() { ip("link", "del", s.veth) })
		must(t, "link", "set", s.veth, "master", prefix, "up")
		must(t, "-n", s.name, "addr", "add", s.addr+"/24", "dev", "eth0")
		must(t, "-n", s.name, "link", "set", "eth0", "up")
		must(t, "-n", s.name, "link", "set", "lo", "up")
		spaces[i] = s
	}
	return spaces
}

// link pulls the cable ("down") or puts it back ("up").
func (s space) link(t *testing.T, state string) {
	t.Helper()
	must(t, "link", "set", s.veth, state)
}

func must(t *testing.T, args ...string) {
	t.Helper()
	if out, err := ip(args...); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func ip(args ...string) (string, error) {
	out, err := exec.Command("ip", args...).CombinedOutput()
	return string(out), err
}
