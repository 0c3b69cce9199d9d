package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Config says what to build. Together with the parameters and the running
// statistics it is all that a network is.
type Config struct {
	// Arch is "logistic", "mlp:W1,W2,..." with the widths of the hidden
	// layers, "lenet", "lenet:avg" (average in place of max pooling, as in
	// LeCun et al., "Gradient-based learning applied to document recognition",
	// 1998), or "resnet20" (He et al., "Deep residual learning for image
	// recognition", 2016, for small images).
	Arch string
	// Input is the shape of one sample, [features] or [channels, height,
	// width]. logistic and mlp read images as flat vectors.
	Input []int
	// Classes is the number of outputs, at least 2.
	Classes int
	// Dropout is the probability, in [0, 1), of dropping an activation of a
	// hidden dense layer in training; 0 is none. logistic and resnet20 have no
	// such layer.
	Dropout float32
	// BatchNorm normalises the output of each hidden layer before its ReLU, by
	// the statistics of the shard. Such layers have no bias: the batch norm's
	// own takes its place. resnet20 has it always.
	BatchNorm bool
	// Seed decides the initial parameters and the dropout masks.
	Seed uint64
}

// Limits on what an architecture may ask for: beyond them a number is a typing
// error, and the answer should be a message and not an allocation that fails.
const (
	maxWidth  = 1 << 16
	maxHidden = 64
	maxParams = 1 << 30
)

// CheckArch reports whether arch is the name of an architecture, for programs
// that want to refuse a flag before they read any data. Whether it fits the data
// is for [New] to say.
func CheckArch(arch string) error {
	_, err := parseArch(arch)
	return err
}

// arch is a parsed Config.Arch.
type arch struct {
	kind    string // "logistic", "mlp", "lenet" or "resnet20"
	widths  []int  // mlp: hidden widths
	average bool   // lenet: average pooling
}

func parseArch(s string) (arch, error) {
	kind, arg, hasArg := strings.Cut(s, ":")
	switch {
	case (kind == "logistic" || kind == "resnet20") && !hasArg:
		return arch{kind: kind}, nil
	case kind == "lenet" && (!hasArg || arg == "avg"):
		return arch{kind: kind, average: hasArg}, nil
	case kind == "mlp" && hasArg:
		widths, err := parseWidths(arg)
		if err != nil {
			return arch{}, fmt.Errorf("model: architecture %q: %w", s, err)
		}
		return arch{kind: kind, widths: widths}, nil
	}
	return arch{}, fmt.Errorf("model: unknown architecture %q: want logistic, mlp:WIDTH,... (such as mlp:256,128), lenet, lenet:avg or resnet20", s)
}

func parseWidths(s string) ([]int, error) {
	fields := strings.Split(s, ",")
	if len(fields) > maxHidden {
		return nil, fmt.Errorf("%d hidden layers, more than %d", len(fields), maxHidden)
	}
	widths := make([]int, len(fields))
	for i, f := range fields {
		w, err := strconv.ParseUint(f, 10, 32)
		// One spelling for one architecture: the string is hashed with the
		// rest of a run's configuration.
		if err != nil || f[0] == '0' || w > maxWidth {
			return nil, fmt.Errorf("width %q of hidden layer %d: want a whole number from 1 to %d", f, i+1, maxWidth)
		}
		widths[i] = int(w)
	}
	return widths, nil
}

// check returns everything that is wrong with c apart from its architecture.
func (c Config) check() error {
	var errs []error
	if len(c.Input) != 1 && len(c.Input) != 3 {
		errs = append(errs, fmt.Errorf("model: input shape %v: want [features] or [channels height width]", c.Input))
	}
	size := 1
	for _, d := range c.Input {
		if d < 1 || d > maxParams/size {
			errs = append(errs, fmt.Errorf("model: input shape %v: want sizes of at least 1 and no more than %d features", c.Input, maxParams))
			break
		}
		size *= d
	}
	if c.Classes < 2 || c.Classes > maxWidth {
		errs = append(errs, fmt.Errorf("model: %d classes: want 2 to %d", c.Classes, maxWidth))
	}
	if !(c.Dropout >= 0 && c.Dropout < 1) {
		errs = append(errs, fmt.Errorf("model: dropout %v: want a probability of at least 0 and below 1", c.Dropout))
	}
	return errors.Join(errs...)
}
