package main

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/hosts"
)

// place is where a node runs.
type place struct {
	host   string // as ssh takes it; empty: this machine
	index  int    // among the nodes there
	slots  int    // how many they are
	prefix string // of their names
}

func (p place) remote() bool { return p.host != "" }

// name returns the name of the node. Names of one place sort as they are
// numbered, since the roster is ordered by name.
func (p place) name() string {
	width := len(strconv.Itoa(p.slots - 1))
	return fmt.Sprintf("%s-%0*d", p.prefix, width, p.index)
}

// places returns where the nodes run: on the hosts of a list or, without one,
// on this machine, whose name they bear if others are about.
func (l launch) places() []place {
	var all []place
	add := func(host string, slots int, prefix string) {
		for i := range slots {
			all = append(all, place{host, i, slots, prefix})
		}
	}
	switch {
	case l.hosts != nil:
		prefixes := prefixesOf(l.hosts)
		for i, h := range l.hosts {
			name := h.Name
			if isHere(name) {
				name = ""
			}
			add(name, h.Slots, prefixes[i])
		}
	case l.alone():
		add("", l.settings.NProc, "node")
	default:
		add("", l.settings.NProc, hostName())
	}
	return all
}

// distant returns the hosts of the list that are not this machine.
func (l launch) distant() []string {
	var names []string
	for _, h := range l.hosts {
		if !isHere(h.Name) {
			names = append(names, h.Name)
		}
	}
	return names
}

// isHere tells whether a host of a list is this machine: by the name localhost
// or its own. All others are reached by ssh.
func isHere(name string) bool {
	own, err := os.Hostname()
	if err != nil {
		own = "localhost"
	}
	first, _, _ := strings.Cut(own, ".")
	return name == "localhost" || name == own || name == first
}

// prefixesOf returns how the names of each host's nodes start: with the first
// part of the host's name or, where that is another's too, with all of it.
func prefixesOf(list []hosts.Host) []string {
	short, long := make([]string, len(list)), make([]string, len(list))
	count := map[string]int{}
	for i, h := range list {
		name := h.Name[strings.IndexByte(h.Name, '@')+1:]
		long[i], short[i] = letters(name), letters(name)
		if _, err := netip.ParseAddr(name); err != nil {
			first, _, _ := strings.Cut(name, ".")
			short[i] = letters(first)
		}
		count[short[i]]++
	}
	for i := range short {
		if count[short[i]] > 1 {
			short[i] = long[i]
		}
	}
	return short
}

// hostName returns the first part of this host's name.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "node"
	}
	name, _, _ = strings.Cut(name, ".")
	return letters(name)
}

// letters makes of a host's name one that a node may have.
func letters(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), 40)]
}

// readHosts returns the hosts that the settings name, nil if they name none.
func readHosts(s cli.Settings) (list []hosts.Host, err error) {
	slots := max(1, s.NProc)
	switch {
	case len(s.Hosts) > 0 && s.HostFile != "":
		return nil, cli.Usagef("--hosts and --hostfile: want one of them")
	case len(s.Hosts) > 0:
		if list, err = hosts.Parse(s.Hosts, slots); err != nil {
			return nil, cli.Usagef("--hosts: %w", err)
		}
	case s.HostFile != "":
		file, err := os.Open(s.HostFile)
		if err != nil {
			return nil, cli.Usagef("--hostfile: %w", err)
		}
		defer file.Close()
		if list, err = hosts.ReadFile(file, slots); err != nil {
			return nil, cli.Usagef("--hostfile %s: %w", s.HostFile, err)
		}
	case s.Push:
		return nil, cli.Usagef("--push: no hosts to copy this program to: name them with --hosts or --hostfile")
	case len(s.Include)+len(s.Exclude) > 0:
		return nil, cli.Usagef("--include and --exclude: no list of hosts to choose from: give it with --hosts or --hostfile")
	default:
		return nil, nil
	}
	if list, err = hosts.Select(list, s.Include, s.Exclude); err != nil {
		return nil, cli.Usagef("--include and --exclude: %w", err)
	}
	return list, suits(s, list)
}

// suits refuses the settings that make no sense on a list of hosts.
func suits(s cli.Settings, list []hosts.Host) error {
	switch n := hosts.Total(list); {
	case s.NNodes != cli.Range{}:
		return cli.Usagef("--nnodes %v: the list of hosts says how many nodes there are: leave it out", s.NNodes)
	case s.Listen != "" || s.Advertise != "":
		return cli.Usagef("--listen and --advertise are of one machine: leave them out with a list of hosts; " +
			"name a host by the address that the others are to use")
	case n > s.Train.Shards && s.Train.Shards > 0:
		return cli.Usagef("the hosts have %d slots, and so many nodes cannot share --shards %d: want at most one node for each shard", n, s.Train.Shards)
	}
	return nil
}
