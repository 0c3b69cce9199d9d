package model

import (
	"fmt"
	"strconv"
	"strings"
)

// arch is a parsed Config.Arch: how to build the layers before the last one,
// and the norm that belongs to them.
type arch struct {
	norm  string
	build func(s *stack) error
}

// Architecture is one way of writing [Config.Arch].
type Architecture struct {
	Usage string // as it is written, with WORDS for numbers
	About string // what it is, in one line
}

// families are the architectures; parse gets what stands behind the name.
var families = []struct {
	name string
	Architecture
	parse func(arg string) (arch, error)
}{
	{"logistic", Architecture{"logistic", "logistic regression"}, parseLogistic},
	{"mlp", Architecture{"mlp:WIDTH,...", "hidden layers of these widths, such as mlp:256,128"}, parseMLP},
	{"resmlp", Architecture{"resmlp:WIDTHxBLOCKS", "residual blocks for tables, such as resmlp:192x2"}, parseResMLP},
	{"lenet", Architecture{"lenet or lenet:avg", "LeNet-5 for images, with max or average pooling"}, parseLeNet},
	{"resnet", Architecture{"resnet20, resnet32, resnet44 or resnet56", "residual networks for small images"}, parseResNet},
	{"wrn", Architecture{"wrnDEPTH-FACTOR", "wide residual networks for small images, such as wrn16-2"}, parseWide},
	{"layers", Architecture{"layers:LAYER/LAYER/...", "a list of layers, such as layers:conv=16x5/pool=max/dense=64"}, parseLayers},
}

// Architectures lists all ways of writing [Config.Arch].
func Architectures() []Architecture {
	var list []Architecture
	for _, f := range families {
		list = append(list, f.Architecture)
	}
	return list
}

// CheckArch reports whether arch is the name of an architecture, for programs
// that want to refuse a flag before they read any data. Whether it fits the data
// is for [New] to say.
func CheckArch(arch string) error {
	_, err := parseArch(arch)
	return err
}

// parseArch reads the one spelling of an architecture: the string is hashed with
// the rest of a run's configuration.
func parseArch(s string) (arch, error) {
	name := s[:len(s)-len(strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz"))]
	for _, f := range families {
		if f.name != name {
			continue
		}
		a, err := f.parse(s[len(name):])
		if err != nil {
			return arch{}, fmt.Errorf("model: architecture %q: %w", s, err)
		}
		return a, nil
	}
	var usages []string
	for _, f := range families {
		usages = append(usages, f.Usage)
	}
	return arch{}, fmt.Errorf("model: unknown architecture %q: want %s", s, strings.Join(usages, ", "))
}

func parseLogistic(arg string) (arch, error) {
	if arg != "" {
		return arch{}, fmt.Errorf("want logistic, without more")
	}
	return arch{norm: "none", build: func(*stack) error { return nil }}, nil
}

func parseMLP(arg string) (arch, error) {
	list, ok := strings.CutPrefix(arg, ":")
	if !ok {
		return arch{}, fmt.Errorf("want mlp:WIDTH,... such as mlp:256,128")
	}
	widths, err := parseWidths(list)
	return arch{norm: "none", build: func(s *stack) error { s.hidden(widths...); return nil }}, err
}

func parseResMLP(arg string) (arch, error) {
	width, blocks, ok := strings.Cut(strings.TrimPrefix(arg, ":"), "x")
	if !ok || !strings.HasPrefix(arg, ":") {
		return arch{}, fmt.Errorf("want resmlp:WIDTHxBLOCKS such as resmlp:192x2")
	}
	w, err := whole("width", width, maxWidth)
	if err != nil {
		return arch{}, err
	}
	b, err := whole("number of blocks", blocks, maxHidden)
	return arch{norm: "layer", build: func(s *stack) error { s.resMLP(w, b); return nil }}, err
}

func parseLeNet(arg string) (arch, error) {
	if arg != "" && arg != ":avg" {
		return arch{}, fmt.Errorf("want lenet or lenet:avg")
	}
	return arch{norm: "none", build: func(s *stack) error { return s.lenet(arg != "") }}, nil
}

func parseResNet(arg string) (arch, error) {
	blocks, ok := map[string]int{"20": 3, "32": 5, "44": 7, "56": 9}[arg]
	if !ok {
		return arch{}, fmt.Errorf("want resnet20, resnet32, resnet44 or resnet56")
	}
	return arch{norm: "batch", build: func(s *stack) error { return s.resNet(blocks) }}, nil
}

func parseWide(arg string) (arch, error) {
	depth, factor, ok := strings.Cut(arg, "-")
	d, err := whole("depth", depth, 100)
	if !ok || err != nil || d < 10 || (d-4)%6 != 0 {
		return arch{}, fmt.Errorf("want wrnDEPTH-FACTOR with a depth of 10, 16, 22, 28 or so, 6 more each time, such as wrn16-2")
	}
	f, err := whole("factor", factor, 64)
	return arch{norm: "batch", build: func(s *stack) error { return s.wide((d-4)/6, f) }}, err
}

// whole reads a number from 1 to most, in its one spelling.
func whole(what, s string, most int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || s[0] == '0' || n > uint64(most) {
		return 0, fmt.Errorf("%s %q: want a whole number from 1 to %d", what, s, most)
	}
	return int(n), nil
}
