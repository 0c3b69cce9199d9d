package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTensors(t *testing.T) {
	n := mustNew(t, Config{Arch: "mlp:5", Input: []int{3}, Classes: 2, Norm: "batch", Dropout: 0.5})
	var got []string
	for _, x := range n.Tensors() {
		got = append(got, fmt.Sprint(x.Name, x.Shape, len(x.Data), x.Running))
	}
	want := []string{
		"layers.0.weight[3 5] 15 false",
		"layers.1.bias[5] 5 false",
		"layers.1.running_mean[5] 5 true",
		"layers.1.running_var[5] 5 true",
		"layers.1.weight[5] 5 false",
		"layers.4.bias[2] 2 false",
		"layers.4.weight[5 2] 10 false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTensorsCover: the tensors are windows that cover Running exactly and
// Params but for the zeros between them, sorted by unique names.
func TestTensorsCover(t *testing.T) {
	eachArch(t, 0, func(t *testing.T, n *Network, _ batch) {
		clear(n.Running())
		names, params := make([]string, 0), 0
		for _, x := range n.Tensors() {
			clear(x.Data)
			if !x.Running {
				params += len(x.Data)
				if x.Offset%16 != 0 {
					t.Errorf("%s begins at %d", x.Name, x.Offset)
				}
			}
		}
		if params != n.NumParams() {
			t.Errorf("%d parameters in tensors, NumParams is %d", params, n.NumParams())
		}
		for _, v := range n.Params() {
			if v != 0 {
				t.Fatal("an element between tensors is not zero")
			}
		}
		for _, x := range n.Tensors() {
			names = append(names, x.Name)
			size := 1
			for _, d := range x.Shape {
				size *= d
			}
			if size != len(x.Data) {
				t.Errorf("%s: shape %v, %d values", x.Name, x.Shape, len(x.Data))
			}
			for i := range x.Data {
				x.Data[i]++
			}
		}
		ones := 0
		for _, v := range slices.Concat(n.Params(), n.Running()) {
			if v > 1 {
				t.Fatal("an element is in two tensors")
			}
			ones += int(v)
		}
		if ones != params+len(n.Running()) {
			t.Errorf("%d elements are in tensors, want %d and %d", ones, params, len(n.Running()))
		}
		if !slices.IsSorted(names) || len(slices.Compact(names)) != len(n.Tensors()) {
			t.Errorf("names %v", names)
		}
	})
}

// TestBetweenTensors: no pass writes a gradient where no parameter is.
func TestBetweenTensors(t *testing.T) {
	eachArch(t, 5, func(t *testing.T, n *Network, b batch) {
		grads := run(n, b, CrossEntropy{}, direction(n, 3)).Grads
		n.eachParam(func(p *param) { clear(p.of(grads)) })
		if !sameBits(grads, make([]float32, len(grads))) {
			t.Error("an element between tensors has a gradient")
		}
	})
}

// TestTensorsRebuild: a network of the same configuration that is given the
// tensors computes the same bits.
func TestTensorsRebuild(t *testing.T) {
	eachArch(t, 3, func(t *testing.T, n *Network, b batch) {
		run(n, b, CrossEntropy{}, n.Params())
		n.Blend(n.Stats())
		cfg := n.Config()
		cfg.Seed++
		m := mustNew(t, cfg)
		for i, x := range m.Tensors() {
			copy(x.Data, n.Tensors()[i].Data)
		}
		if !sameBits(n.Logits(Pass{}, b.x, 3), m.Logits(Pass{}, b.x, 3)) {
			t.Error("logits differ")
		}
	})
}

func TestSummary(t *testing.T) {
	n := mustNew(t, Config{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 10, Norm: "batch", Dropout: 0.5})
	s := n.Summary()
	for _, want := range []string{"conv 1 -> 6, 5x5, pad 2", "batch norm 16", "max pool 2x2", "[16 5 5]", "dense 400 -> 120", "dropout 0.5", "total"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
}

// TestSetGrads: a gradient in memory of the caller's has the bits of any other,
// and what lies between the tensors stays as it was.
func TestSetGrads(t *testing.T) {
	eachArch(t, 5, func(t *testing.T, n *Network, b batch) {
		want := run(n, b, CrossEntropy{}, direction(n, 2)).Grads
		r := n.Replica()
		memory := make([]float32, len(n.Params()))
		r.SetGrads(memory)
		run(r, b, CrossEntropy{}, direction(n, 2))
		if !sameBits(memory, want) || &r.Grads()[0] != &memory[0] {
			t.Error("the gradient is not where it should be")
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("memory of a wrong length is taken")
		}
	}()
	mustNew(t, archCases(1)[0]).SetGrads(make([]float32, 3))
}
