package hosts

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Host is a machine and how many nodes to start on it.
type Host struct {
	Name  string // as ssh takes it: a name, an address, USER@ in front
	Slots int    // at least 1
}

// most bounds the slots of all hosts: no ring has more nodes.
const most = 1024

// Parse reads a list as in "host-a:2,host-b,[fd00::7]:4", where the number
// behind the colon is that of the slots; without one they are def. A host that
// stands there several times has the sum.
func Parse(list []string, def int) ([]Host, error) {
	var l listing
	for _, item := range list {
		name, slots, err := cut(strings.TrimSpace(item), def)
		if err == nil {
			err = l.add(name, slots)
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", item, err)
		}
	}
	if len(l.hosts) == 0 {
		return nil, fmt.Errorf("no host: want HOST:SLOTS, as in host-a:2,host-b:2")
	}
	return l.hosts, nil
}

// cut splits HOST:SLOTS. The colons of an IPv6 address are in brackets.
func cut(item string, def int) (name string, slots int, err error) {
	at := strings.LastIndexByte(item, ':')
	if at < strings.LastIndexByte(item, ']') {
		at = -1
	}
	if at < 0 {
		return item, def, nil
	}
	slots, err = number(item[at+1:])
	return item[:at], slots, err
}

func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q slots: want a number from 1 to %d", text, most)
	}
	return n, nil
}

// valid is what a host may be called. It must not look like an option, and
// needs no quoting anywhere.
var valid = regexp.MustCompile(`^([A-Za-z0-9._][A-Za-z0-9._-]*@)?([A-Za-z0-9._][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\])$`)

// listing is a list that grows.
type listing struct {
	hosts []Host
	slots int
}

func (l *listing) add(name string, slots int) error {
	if !valid.MatchString(name) {
		return fmt.Errorf("%q is no name or address of a host", name)
	}
	// ssh takes the address without the brackets.
	name = strings.NewReplacer("[", "", "]", "").Replace(name)
	if l.slots += slots; l.slots > most {
		return fmt.Errorf("%d slots together: want at most %d", l.slots, most)
	}
	for i := range l.hosts {
		if l.hosts[i].Name == name {
			l.hosts[i].Slots += slots
			return nil
		}
	}
	l.hosts = append(l.hosts, Host{name, slots})
	return nil
}

// ReadFile reads a host file of Open MPI: one host a line, with slots=N behind
// it or def slots without, max_slots=N if it is to be checked, and comments
// from '#' to the end of the line. An error names the line.
func ReadFile(r io.Reader, def int) ([]Host, error) {
	var l listing
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		if err := l.line(lines.Text(), def); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if len(l.hosts) == 0 {
		return nil, fmt.Errorf("no host in it: want lines as 'host-a slots=2'")
	}
	return l.hosts, nil
}

// spaced is an equals sign with what may stand around it.
var spaced = regexp.MustCompile(`\s*=\s*`)

func (l *listing) line(text string, def int) error {
	text, _, _ = strings.Cut(text, "#")
	words := strings.Fields(spaced.ReplaceAllString(text, "="))
	if len(words) == 0 {
		return nil
	}
	slots, limit := def, most
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		n, err := number(value)
		switch key {
		case "slots", "count", "cpu", "cpus":
			slots = n
		case "max_slots", "max-slots", "slots_max":
			limit = n
		default:
			return fmt.Errorf("%q behind the host %s: want slots=N or max_slots=N", word, words[0])
		}
		if err != nil {
			return fmt.Errorf("host %s: %w", words[0], err)
		}
	}
	if slots > limit {
		return fmt.Errorf("host %s: slots=%d is more than max_slots=%d", words[0], slots, limit)
	}
	return l.add(words[0], slots)
}

// Select returns the hosts whose names are among include, all if that is empty,
// but for those among exclude. A name stands for all its users. It is an error
// to name a host that is not in the list, or to leave none.
func Select(list []Host, include, exclude []string) ([]Host, error) {
	for _, name := range slices.Concat(include, exclude) {
		if !slices.ContainsFunc(list, func(h Host) bool { return h.is(name) }) {
			return nil, fmt.Errorf("%q is not in the list of hosts", name)
		}
	}
	named := func(h Host, names []string) bool { return slices.ContainsFunc(names, h.is) }
	left := slices.DeleteFunc(slices.Clone(list), func(h Host) bool {
		return len(include) > 0 && !named(h, include) || named(h, exclude)
	})
	if len(left) == 0 {
		return nil, fmt.Errorf("no host is left of %d", len(list))
	}
	return left, nil
}

// is tells whether the host is the one of a name, with the user or without.
func (h Host) is(name string) bool {
	return h.Name == name || h.Name[strings.IndexByte(h.Name, '@')+1:] == name
}

// Total returns the slots of all hosts.
func Total(hosts []Host) int {
	n := 0
	for _, h := range hosts {
		n += h.Slots
	}
	return n
}
