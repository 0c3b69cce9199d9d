package model

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestInitSeed(t *testing.T) {
	for i, cfg := range archCases(1) {
		a, b, c := mustNew(t, cfg), mustNew(t, cfg), mustNew(t, archCases(2)[i])
		if !sameBits(a.Params(), b.Params()) || !sameBits(a.Running(), b.Running()) {
			t.Errorf("%s: the same seed gave other parameters", cfg.testName())
		}
		if sameBits(a.Params(), c.Params()) {
			t.Errorf("%s: another seed gave the same parameters", cfg.testName())
		}
	}
}

// TestInitDistribution: weights are uniform with the variance of He before a
// ReLU and of Glorot at the end, biases and β are 0, γ is 1.
func TestInitDistribution(t *testing.T) {
	n := mustNew(t, Config{Arch: "mlp:60", Input: []int{100}, Classes: 50, Norm: "batch", Seed: 3})
	for _, x := range n.Tensors() {
		var want float64 // bound of the uniform distribution
		var constant float32
		switch x.Name {
		case "layers.0.weight":
			want = math.Sqrt(6. / 100)
		case "layers.3.weight":
			want = math.Sqrt(6. / (60 + 50))
		case "layers.1.weight", "layers.1.running_var":
			constant = 1
		}
		if want == 0 {
			for _, v := range x.Data {
				if v != constant {
					t.Fatalf("%s has a %v, want %v", x.Name, v, constant)
				}
			}
			continue
		}
		var largest float64
		for _, v := range x.Data {
			largest = max(largest, math.Abs(float64(v)))
		}
		// 3000 and more uniform draws: their mean square has a relative
		// standard deviation of 0.9/√3000 = 1.6 %.
		square := inner(x.Data, x.Data) / float64(len(x.Data))
		if largest > want || math.Abs(square/(want*want/3)-1) > 0.08 {
			t.Errorf("%s: largest %v, mean square %v, want bound %v and %v", x.Name, largest, square, want, want*want/3)
		}
	}
}

// TestInitScale: the scale multiplies the weights of dense and convolution
// layers, and nothing else. 0 is 1.
func TestInitScale(t *testing.T) {
	for _, cfg := range archCases(1) {
		one, zero := cfg, cfg
		one.InitScale = 1
		half := cfg
		half.InitScale = 0.5
		a, b := mustNew(t, zero), mustNew(t, half)
		if !sameBits(a.Params(), mustNew(t, one).Params()) {
			t.Errorf("%s: a scale of 1 is not that of 0", cfg.testName())
		}
		for i, x := range a.Tensors() {
			factor := float32(1)
			if strings.HasSuffix(x.Name, "weight") && len(x.Shape) > 1 && !strings.Contains(x.Name, "embedding") {
				factor = 0.5
			}
			for k, v := range b.Tensors()[i].Data {
				if v != factor*x.Data[k] {
					t.Fatalf("%s: %s has %v, was %v", cfg.testName(), x.Name, v, x.Data[k])
				}
			}
		}
	}
	if _, err := New(Config{Arch: "logistic", Input: []int{2}, Classes: 2, InitScale: -1}); err == nil || !strings.Contains(err.Error(), "scaled by -1") {
		t.Errorf("a scale of -1: %v", err)
	}
}

// TestInitPrefix: layers at the end do not change those before them.
func TestInitPrefix(t *testing.T) {
	short := mustNew(t, Config{Arch: "mlp:8", Input: []int{5}, Classes: 2, Seed: 1})
	long := mustNew(t, Config{Arch: "mlp:8,7", Input: []int{5}, Classes: 2, Seed: 1})
	if !sameBits(short.Params()[:5*8], long.Params()[:5*8]) {
		t.Error("the first layer differs")
	}
}

// TestBits pins the bits of one step of each network. They belong to the
// numeric contract: if they change, models of two releases differ, and the
// contract's version must change with them.
func TestBits(t *testing.T) {
	want := map[string]string{
		"logistic,dropout=0,norm=":             "2d995414bb1daf24",
		"mlp:9,6,dropout=0,norm=":              "4db9b7b380845924",
		"mlp:9,6,dropout=0.3,norm=":            "1e59e649e7f8b32b",
		"mlp:9,6,dropout=0,norm=batch":         "0f685f863ba8114f",
		"mlp:9,6,dropout=0.3,norm=batch":       "bb9270e420473f97",
		"lenet,dropout=0,norm=":                "4b06fa67db3fb947",
		"lenet,dropout=0.3,norm=batch":         "a8bdad593aa405d0",
		"resnet20,dropout=0,norm=batch":        "c50473362661861b",
		"resnet20,dropout=0,norm=group:4":      "f3744e189c7a5b28",
		"wrn10-1,dropout=0,norm=":              "657feec8da2c1318",
		"wrn10-1,dropout=0,norm=layer":         "6cbe408f75dca8cb",
		"mlp:9,6,dropout=0,norm=layer":         "b43cfb4275390fec",
		"resmlp:6x2,dropout=0.3,norm=":         "7194764bab9f0542",
		"resmlp:6x2,dropout=0,norm=batch":      "700b8576279a13f9",
		"resmlp:6x1,dropout=0,norm=none":       "3267c212d14436e7",
		"mlp:9,6,dropout=0,norm=,fields=2+0":   "9a8fd404cc3491f7",
		"mlp:9,6,dropout=0.3,norm=,fields=2+4": "3e3a5619f0ca59f8",
		"mlp:9,6,dropout=0.3,norm=,cosine=5":   "5c7078d6e914c983",
		"logistic,dropout=0,norm=,cosine=5":    "d66c3c81ce74fb88",
		"mlp:5,dropout=0.3,norm=,members=3":    "f918ab319fd69a74",
		"mlp:5,dropout=0,norm=batch,members=2": "2b1385528c6f1459",
		"lenet:avg,dropout=0.3,norm=batch":     "9c5c4c7db64401b5",
	}
	for _, cfg := range archCases(1) {
		n := mustNew(t, cfg)
		b := newBatch(n, 7, 5)
		r := run(n, b, adjusted(t, 1, []float64{50, 20, 10, 1}[:cfg.Classes]...), direction(n, 2))
		h := sha256.New()
		for _, x := range [][]float32{packed(n, n.Params()), r.Losses, r.Logits, packed(n, r.Grads), r.Stats, r.Slopes} {
			if err := binary.Write(h, binary.LittleEndian, x); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprintf("%x", h.Sum(nil)[:8]); got != want[cfg.testName()] {
			t.Errorf("%q: %q, want %q", cfg.testName(), got, want[cfg.testName()])
		}
	}
}
