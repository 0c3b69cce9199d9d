package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/proc"
)

// launch is one run as its nodes are told about it.
type launch struct {
	program  *cli.Program
	settings cli.Settings // of the launcher, checked and complete
	secret   []byte
	invented bool   // the secret was made up for this run
	config   []byte // config.yaml
	again    bool   // the person has read all about the data and the ring before
}

// alone tells that all nodes of the run are on this machine.
func (l launch) alone() bool {
	return len(l.settings.Join) == 0 && l.settings.NNodes.Min <= 1 && l.settings.NNodes.Max <= 1
}

// names returns the names of this machine's nodes. They sort as they are
// numbered, since the roster is ordered by name; with other machines about,
// they start with this one's.
func (l launch) names() []string {
	prefix := "node"
	if !l.alone() {
		prefix = hostName()
	}
	width := len(strconv.Itoa(l.settings.NProc - 1))
	names := make([]string, l.settings.NProc)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%0*d", prefix, width, i)
	}
	return names
}

// hostName returns the first part of the host's name, of letters that a node's
// name may have.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "node"
	}
	name, _, _ = strings.Cut(name, ".")
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), 40)]
}

// node returns the settings of a node that looks for others at join. late
// tells that there is a ring, or was one, which the node is to come to.
func (l launch) node(n *member, join []string, late bool) cli.Settings {
	s := l.settings
	s.Name, s.Join = n.name, join
	if s.NNodes.Min == 0 && len(l.settings.Join) == 0 {
		s.NNodes.Min = 1 // this machine; with others to join: as many as come
	}
	s.NNodes = s.NNodes.Times(s.NProc)
	if l.alone() && s.Listen == "" {
		s.Listen = "127.0.0.1:0"
	}
	if n.index > 0 { // one address serves one node: the others take any free port of it
		s.Listen, s.Advertise = anyPort(s.Listen), hostOnly(s.Advertise)
	}
	if n.restarts > 0 {
		s.Resume = l.resumeAgain()
	}
	if late {
		s.NNodes.Min = s.NNodes.Least() // those who are left, if anybody is
	}
	return s
}

// resumeAgain returns where a node starts that was started before in this run:
// at the newest checkpoint of the run, or else where it started first.
func (l launch) resumeAgain() string {
	entries, err := os.ReadDir(filepath.Join(l.settings.Out, "checkpoints"))
	if l.settings.Resumes() && (err != nil || len(entries) == 0) {
		return l.settings.Resume
	}
	return "auto"
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

// command returns how to start a node: this program as "node", with the
// settings on its standard input.
func (l launch) command(s cli.Settings, log *nodeLog) (proc.Command, error) {
	path, err := os.Executable()
	if err != nil {
		return proc.Command{}, fmt.Errorf("this program cannot find itself to start its nodes: %w", err)
	}
	h := cli.Handover{Settings: s, Secret: l.secret, Config: l.config, Outlives: l.settings.Detach}
	c := proc.Command{
		Name: s.Name, Path: path,
		// The name is for people who look at the list of processes.
		Args:  []string{l.program.Args[0], "node", "--" + cli.HandoverFlag, "--name", s.Name},
		Env:   l.environ(),
		Stdin: bytes.NewReader(h.Line()), Log: log, Detached: l.settings.Detach,
	}
	if l.settings.Detach {
		c.Log, err = log.direct(l.logDir())
	}
	return c, err
}

// environ returns the environment of the nodes: without our variables, which
// the settings contain already, and with a fair share of the cores.
func (l launch) environ() []string {
	var env []string
	for _, e := range l.program.Environ {
		if !strings.HasPrefix(e, "BALLAST_") {
			env = append(env, e)
		}
	}
	if l.program.Getenv("GOMAXPROCS") == "" {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", max(1, cores()/l.settings.NProc)))
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
