package cluster

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Member is one process of the cluster. Two members never share a name, and a
// process that starts again is a new member.
type Member struct {
	// Name is the given name, '#' and eight random characters. Members are
	// ordered by it, byte by byte; '#' sorts before every character that a
	// given name may have, so the given names decide first.
	Name string `json:"name"`
	// Addr is the host:port of the member's one port.
	Addr string `json:"addr"`
	// Host is the name of the member's machine, for people.
	Host string `json:"host,omitempty"`
	// Token tells run directories apart: members with one token share one.
	Token string `json:"token,omitempty"`
}

// The longest strings a member may carry. All of them together fit into the
// 512 bytes that gossip allows, whatever their values.
const (
	maxName  = 64 // as given; the full name has suffixLen+1 more
	maxAddr  = 255
	maxHost  = 64
	maxToken = 64

	suffixLen = 8
)

// uniqueName returns a name that no other process start has.
func uniqueName(given string) string {
	return given + "#" + strings.ToLower(rand.Text()[:suffixLen])
}

// checkName reports whether a given name may be used: letters, digits, '.',
// '_' and '-'.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("cluster: node name %q: want 1 to %d characters", name, maxName)
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("cluster: node name %q: %q is not allowed, use letters, digits, '.', '_' and '-'", name, c)
		}
	}
	return nil
}

// check reports whether m, which came from the network, is well formed.
func (m Member) check() error {
	given, suffix, ok := strings.Cut(m.Name, "#")
	if !ok || len(suffix) != suffixLen {
		return fmt.Errorf("cluster: member name %.80q: want NAME#%s", m.Name, strings.Repeat("x", suffixLen))
	}
	if err := checkName(given); err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(m.Addr); err != nil || len(m.Addr) > maxAddr {
		return fmt.Errorf("cluster: address %.80q of member %s: want host:port", m.Addr, m.Name)
	}
	if len(m.Host) > maxHost || len(m.Token) > maxToken {
		return fmt.Errorf("cluster: member %s: host or token longer than %d bytes", m.Name, maxHost)
	}
	return nil
}

// metaVersion is the first byte of the metadata that gossip carries. It is
// followed by Addr, Host and Token, each behind two bytes of length.
const metaVersion = 1

// encodeMeta returns what gossip says of m besides its name.
func encodeMeta(m Member) []byte {
	b := []byte{metaVersion}
	for _, s := range []string{m.Addr, m.Host, m.Token} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	return b
}

// decodeMeta rebuilds the member called name from its metadata.
func decodeMeta(name string, b []byte) (Member, error) {
	m := Member{Name: name}
	if len(b) == 0 || b[0] != metaVersion {
		return m, fmt.Errorf("cluster: metadata of %.80q is not of version %d", name, metaVersion)
	}
	b = b[1:]
	for _, dst := range []*string{&m.Addr, &m.Host, &m.Token} {
		if len(b) < 2 {
			return m, errors.New("cluster: metadata cut short")
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; len(b) < n {
			return m, errors.New("cluster: metadata cut short")
		}
		*dst, b = string(b[:n]), b[n:]
	}
	if len(b) != 0 {
		return m, fmt.Errorf("cluster: %d bytes behind the metadata of %.80q", len(b), name)
	}
	return m, m.check()
}
