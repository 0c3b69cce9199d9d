package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/hosts"
	"github.com/ballast-ml/ballast/internal/cli/proc"
	"github.com/ballast-ml/ballast/internal/cli/ssh"
)

// launch is one run as its nodes are told about it.
type launch struct {
	program  *cli.Program
	settings cli.Settings // of the launcher, checked and complete
	hosts    []hosts.Host // nil: this machine
	ssh      ssh.Client
	pushed   map[string]string // where this program was copied to, by host
	secret   []byte
	invented bool   // the secret was made up for this run
	config   []byte // config.yaml
	again    bool   // the person has read all about the data and the ring before
}

// alone tells that all nodes of the run are on this machine.
func (l launch) alone() bool {
	return len(l.settings.Join) == 0 && l.settings.NNodes.Min <= 1 && l.settings.NNodes.Max <= 1 && len(l.distant()) == 0
}

// node returns the settings of a node that looks for others at join. late
// tells that there is a ring, or was one, which the node is to come to.
func (l launch) node(n *member, join []string, late bool) cli.Settings {
	s := l.settings
	s.Name, s.Join = n.name, join
	s.NNodes = l.size(late)
	s.MetricsAddr, _ = s.MetricsAt(n.place.index) // looked at before
	switch {
	case l.alone() && s.Listen == "":
		s.Listen = "127.0.0.1:0"
	case l.hosts != nil:
		s.Listen, s.Advertise = ":0", addressOf(n.place.host)
	case n.place.index > 0: // one address serves one node: the others take any free port of it
		s.Listen, s.Advertise = anyPort(s.Listen), hostOnly(s.Advertise)
	}
	if n.restarts > 0 {
		s.Resume = l.resumeAgain(n.place)
	}
	if l.settings.Detach && n.place.remote() {
		s.LogFile = filepath.Join(l.logDir(), n.name+".log")
	}
	return s
}

// size returns how many nodes one of them waits for.
func (l launch) size(late bool) cli.Range {
	nodes := l.settings.NNodes
	switch {
	case l.hosts != nil && len(l.settings.Join) == 0:
		nodes = cli.Range{Min: hosts.Total(l.hosts)}
	case nodes.Min == 0 && len(l.settings.Join) == 0:
		nodes = cli.Range{Min: l.settings.NProc}
	default: // with others to join: as many as come, if nobody says
		nodes = nodes.Times(l.settings.NProc)
	}
	if late {
		nodes.Min = nodes.Least() // those who are left, if anybody is
	}
	return nodes
}

// resumeAgain returns where a node starts that was started before in this run:
// at the newest checkpoint of the run, or else where it started first. What is
// on other machines cannot be seen.
func (l launch) resumeAgain(p place) string {
	if !l.settings.Resumes() {
		return "auto"
	}
	entries, err := os.ReadDir(filepath.Join(l.settings.Out, "checkpoints"))
	if p.remote() || err != nil || len(entries) == 0 {
		return l.settings.Resume
	}
	return "auto"
}

// addressOf returns the address that others are to reach a host at, if it was
// named by one; "" has the host find out.
func addressOf(host string) string {
	host = host[strings.IndexByte(host, '@')+1:]
	if ip, err := netip.ParseAddr(host); err != nil || ip.IsLoopback() {
		return ""
	}
	return host
}

// anyPort returns a listen address with a port that is free.
func anyPort(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return net.JoinHostPort(host, "0")
}

// hostOnly returns an address without its port.
func hostOnly(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

// logDir is where the logs of the nodes are, and how to ask them.
func (l launch) logDir() string { return filepath.Join(l.settings.Out, "logs") }

// command returns how to start a node: this program as "node", here or on
// another machine, with the settings on its standard input.
func (l launch) command(n *member, s cli.Settings) (c proc.Command, err error) {
	self, err := os.Executable()
	if err != nil {
		return c, fmt.Errorf("this program cannot find itself to start its nodes: %w", err)
	}
	h := cli.Handover{Settings: s, Secret: l.secret, Config: l.config, Outlives: l.settings.Detach, Again: n.restarts > 0}
	// The name is for people who look at the list of processes.
	args := []string{"node", "--" + cli.HandoverFlag, "--name", s.Name}
	c = proc.Command{Name: s.Name, Env: l.environ(n.place), Log: n.log, Detached: l.settings.Detach}
	if n.place.remote() {
		there := l.pushed[n.place.host]
		if there == "" {
			there = self
		}
		dir, err := os.Getwd()
		if err != nil {
			return c, err
		}
		h.Outlives, h.Slots = true, n.place.slots
		c.Path, c.Args = l.ssh.Path(), l.ssh.Run(n.place.host, dir, append([]string{there}, args...)...)
		c.Stop = []byte(cli.StopWord + "\n")
	} else {
		c.Path, c.Args = self, append([]string{l.program.Args[0]}, args...)
	}
	c.Stdin = bytes.NewReader(h.Line())
	if l.settings.Detach {
		c.Log, err = n.log.direct(l.logDir())
	}
	return c, err
}

// environ returns the environment of what we start: without our variables,
// which the settings contain already, and for nodes of this machine with a fair
// share of the cores.
func (l launch) environ(p place) []string {
	var env []string
	for _, e := range l.program.Environ {
		if !strings.HasPrefix(e, "BALLAST_") {
			env = append(env, e)
		}
	}
	if !p.remote() && l.program.Getenv("GOMAXPROCS") == "" {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", max(1, cores()/max(1, p.slots))))
	}
	return env
}

// cores is the number of cores that this process may use.
func cores() int { return runtime.GOMAXPROCS(0) }

// autoProc returns the number of nodes to start on this machine if nobody says:
// half of the cores, since the other half is often the same cores again; at
// least 2, which shows that it works; at most what the shards allow.
func autoProc(cores, shards, machines int) int {
	return max(1, min(max(2, cores/2), shards/max(machines, 1)))
}

// random returns n random bytes in hexadecimal.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
