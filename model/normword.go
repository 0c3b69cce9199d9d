package model

import (
	"fmt"
	"strconv"
	"strings"
)

// normWord is a parsed Config.Norm.
type normWord struct {
	kind   string // "none", "batch", "layer" or "group"
	groups int    // of kind group
}

// CheckNorm reports whether norm is one of the words for [Config.Norm]. Whether
// its groups fit the architecture is for [New] to say.
func CheckNorm(norm string) error {
	_, err := parseNorm(norm)
	return err
}

// NormOf returns the norm of an architecture: norm, or, if that is empty, what
// belongs to it.
func NormOf(arch, norm string) (string, error) {
	if norm != "" {
		return norm, CheckNorm(norm)
	}
	a, err := parseArch(arch)
	return a.norm, err
}

func parseNorm(s string) (normWord, error) {
	switch s {
	case "none", "batch", "layer":
		return normWord{kind: s}, nil
	}
	if arg, ok := strings.CutPrefix(s, "group:"); ok {
		g, err := strconv.ParseUint(arg, 10, 16)
		if err == nil && g > 0 && arg[0] != '0' {
			return normWord{"group", int(g)}, nil
		}
	}
	return normWord{}, fmt.Errorf("model: unknown norm %q: want none, batch, layer or group:GROUPS (such as group:8)", s)
}

// newNorm returns the configured norm of so many channels with so many
// positions, and where to tell it to do the ReLU behind it; nil without a norm.
// What is wrong with it is kept for assemble.
func (s *stack) newNorm(channels, area int) (layer, *rectifier) {
	groups := 1
	switch s.norm.kind {
	case "none":
		return nil, nil
	case "batch":
		n := newNorm(channels, area)
		return n, &n.rectifier
	case "group":
		if groups = s.norm.groups; channels%groups != 0 {
			s.err = fmt.Errorf("model: norm %s: %d channels cannot be cut into groups of one size", s.cfg.Norm, channels)
			groups = 1
		}
	}
	n := newGroupNorm(channels, area, groups)
	return n, &n.rectifier
}

// normalise adds the configured norm, if there is one. It returns where to tell
// the last layer to do a ReLU: the norm's, or else r.
func (s *stack) normalise(channels, area int, r *rectifier) *rectifier {
	n, own := s.newNorm(channels, area)
	if n == nil {
		return r
	}
	s.add(n, s.shape)
	return own
}
