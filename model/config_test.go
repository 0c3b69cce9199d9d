package model

import (
	"math"
	"strings"
	"testing"
)

func TestCheckArch(t *testing.T) {
	for arch, want := range map[string]string{ // a part of the message; empty: valid
		"logistic":              "",
		"mlp:1":                 "",
		"mlp:256,128":           "",
		"lenet":                 "",
		"lenet:avg":             "",
		"resnet20":              "",
		"resnet44":              "",
		"wrn16-2":               "",
		"resmlp:192x2":          "",
		"resnet20:2":            "want resnet20, resnet32",
		"resnet21":              "want resnet20, resnet32",
		"wrn16":                 "wrnDEPTH-FACTOR",
		"wrn17-2":               "wrnDEPTH-FACTOR",
		"wrn16-0":               `factor "0"`,
		"resmlp:192":            "resmlp:WIDTHxBLOCKS",
		"resmlp192x2":           "resmlp:WIDTHxBLOCKS",
		"resmlp:x2":             `width ""`,
		"resmlp:8x65":           "number of blocks",
		"":                      "unknown",
		"resnet":                "want resnet20",
		"Logistic":              "unknown",
		"logistic:3":            "without more",
		"lenet:max":             "want lenet or lenet:avg",
		"mlp":                   "mlp:256,128",
		"mlp:":                  `hidden layer 1: width ""`,
		"mlp:256,":              `hidden layer 2: width ""`,
		"mlp:256,,3":            `hidden layer 2: width ""`,
		"mlp:0":                 `width "0"`,
		"mlp:-3":                `width "-3"`,
		"mlp:+3":                `width "+3"`,
		"mlp:03":                `width "03"`,
		"mlp: 3":                `width " 3"`,
		"mlp:3.5":               `width "3.5"`,
		"mlp:65537":             `width "65537"`,
		"mlp:99999999999999999": "width",
		"mlp" + strings.Replace(strings.Repeat(",9", 65), ",", ":", 1): "65 hidden layers",
	} {
		err := CheckArch(arch)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", arch, err)
		case want != "" && err == nil:
			t.Errorf("%q: no error", arch)
		case want != "" && !strings.Contains(err.Error(), want):
			t.Errorf("%q: message %q does not say %q", arch, err, want)
		}
	}
}

// FuzzCheckArch: no string makes the parser panic, and what it accepts has
// widths within the limits.
func FuzzCheckArch(f *testing.F) {
	for _, s := range []string{"resmlp:8x2", "wrn16-2", "resnet32", "logistic", "mlp:256,128", "lenet", "lenet:avg", "resnet20", "mlp:", "mlp:1,", ":", "mlp:0x10", "mlp:1_0", "mlp:٣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseArch(s)
		if (err == nil) != (CheckArch(s) == nil) {
			t.Fatal("CheckArch and New disagree")
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "model: ") {
				t.Errorf("message %q", err)
			}
			return
		}
		if a.build == nil || CheckNorm(a.norm) != nil {
			t.Errorf("%q: %+v", s, a)
		}
	})
}

func TestNewErrors(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"arch":              {Config{Arch: "mpl:3", Input: []int{4}, Classes: 2}, "unknown architecture"},
		"no input":          {Config{Arch: "logistic", Classes: 2}, "input shape"},
		"two sizes":         {Config{Arch: "logistic", Input: []int{4, 4}, Classes: 2}, "input shape"},
		"zero size":         {Config{Arch: "logistic", Input: []int{0}, Classes: 2}, "input shape"},
		"overflow":          {Config{Arch: "logistic", Input: []int{1 << 31, 1 << 31, 4}, Classes: 2}, "input shape"},
		"one class":         {Config{Arch: "logistic", Input: []int{4}, Classes: 1}, "1 classes"},
		"dropout 1":         {Config{Arch: "logistic", Input: []int{4}, Classes: 2, Dropout: 1}, "dropout 1"},
		"dropout negative":  {Config{Arch: "logistic", Input: []int{4}, Classes: 2, Dropout: -0.1}, "dropout"},
		"dropout NaN":       {Config{Arch: "logistic", Input: []int{4}, Classes: 2, Dropout: nan}, "dropout NaN"},
		"lenet on rows":     {Config{Arch: "lenet", Input: []int{784}, Classes: 2}, "lenet needs images"},
		"lenet on 8x8":      {Config{Arch: "lenet", Input: []int{1, 8, 8}, Classes: 2}, "at least 12x12"},
		"lenet on 28x11":    {Config{Arch: "lenet", Input: []int{1, 28, 11}, Classes: 2}, "at least 12x12"},
		"resnet20 on rows":  {Config{Arch: "resnet20", Input: []int{64}, Classes: 2}, "resnet20 needs images"},
		"resnet20 on 8x4":   {Config{Arch: "resnet20", Input: []int{3, 8, 4}, Classes: 2}, "at least 8x8"},
		"resnet20 on 30x32": {Config{Arch: "resnet20", Input: []int{3, 30, 32}, Classes: 2}, "divisible by 4"},
		"resnet32 bare":     {Config{Arch: "resnet32", Input: []int{3, 8, 8}, Classes: 2, Norm: "none"}, "without a norm"},
		"norm":              {Config{Arch: "logistic", Input: []int{4}, Classes: 2, Norm: "group:0"}, "unknown norm"},
		"groups":            {Config{Arch: "mlp:9", Input: []int{4}, Classes: 2, Norm: "group:2"}, "9 channels cannot be cut"},
		"too large":         {Config{Arch: "mlp:65536,65536", Input: []int{1 << 20}, Classes: 2}, "parameters, more than"},
		"all wrong at once": {Config{Arch: "logistic", Classes: 0, Dropout: 2}, "classes"},
	} {
		_, err := New(c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

// TestLeNetShape: the network of the peer program in PyTorch has 61,706
// parameters on 1x28x28 images and 10 classes.
func TestLeNetShape(t *testing.T) {
	n := mustNew(t, Config{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 10})
	if n.NumParams() != 61706 {
		t.Errorf("%d parameters", n.NumParams())
	}
	for _, input := range [][]int{{1, 12, 12}, {3, 32, 32}, {1, 13, 29}} {
		mustNew(t, Config{Arch: "lenet", Input: input, Classes: 3})
	}
}

// TestResNet20Shape: the network of the peer program in PyTorch has 269,722
// parameters on 3x32x32 images and 10 classes, and 19 convolutions.
func TestResNet20Shape(t *testing.T) {
	n := mustNew(t, Config{Arch: "resnet20", Input: []int{3, 32, 32}, Classes: 10})
	if n.NumParams() != 269722 {
		t.Errorf("%d parameters", n.NumParams())
	}
	names := map[string]bool{}
	for _, x := range n.Tensors() {
		names[x.Name] = true
	}
	for _, want := range []string{"layers.0.weight", "layers.1.running_var", "layers.3.conv1.weight", "layers.11.bn2.running_mean", "layers.13.bias"} {
		if !names[want] {
			t.Errorf("no tensor %s", want)
		}
	}
}

// TestResidualShapes: the numbers of parameters that the papers' networks have
// on 3x32x32 images and 10 classes.
func TestResidualShapes(t *testing.T) {
	for arch, want := range map[string]int{"resnet32": 464154, "resnet44": 658586, "wrn16-2": 691674} {
		if n := mustNew(t, Config{Arch: arch, Input: []int{3, 32, 32}, Classes: 10}); n.NumParams() != want {
			t.Errorf("%s: %d parameters, want %d", arch, n.NumParams(), want)
		}
	}
}

// TestShortcut: with a branch that gives nothing, a block is its shortcut and a
// ReLU: every other pixel, between channels of zeros.
func TestShortcut(t *testing.T) {
	r := newResidual(2, 4, 6, 4, 2, (&stack{norm: normWord{kind: "batch"}}).newNorm)
	b := newLayerBench(layerCase{layer: r, rows: 2, in: 2 * 4 * 6, pass: Pass{Train: true}})
	clear(b.params)
	y := b.forward(b.x)
	for i, v := range y {
		row, c, p := i/24, i/6%4, i%6
		var want float32
		if c == 1 || c == 2 {
			want = max(0, b.x[((row*2+c-1)*4+p/3*2)*6+p%3*2])
		}
		if v != want {
			t.Fatalf("row %d channel %d position %d: %v, want %v", row, c, p, v, want)
		}
	}
}

func TestConfigIsCopied(t *testing.T) {
	input := []int{4}
	n := mustNew(t, Config{Arch: "logistic", Input: input, Classes: 2})
	input[0] = 9
	n.Config().Input[0] = 8
	if got := n.Replica().in; got != 4 {
		t.Errorf("a caller's slice changed the network: %d features", got)
	}
}
