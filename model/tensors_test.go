package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTensors(t *testing.T) {
	n := mustNew(t, Config{Arch: "mlp:5", Input: []int{3}, Classes: 2, BatchNorm: true, Dropout: 0.5})
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

// TestTensorsCover: the tensors are windows that cover Params and Running
// exactly, sorted by unique names.
func TestTensorsCover(t *testing.T) {
	eachArch(t, 0, func(t *testing.T, n *Network, _ batch) {
		clear(n.Params())
		clear(n.Running())
		names := make([]string, 0)
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
		for _, v := range slices.Concat(n.Params(), n.Running()) {
			if v != 1 {
				t.Fatal("an element is in no tensor or in two")
			}
		}
		if !slices.IsSorted(names) || len(slices.Compact(names)) != len(n.Tensors()) {
			t.Errorf("names %v", names)
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
	n := mustNew(t, Config{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 10, BatchNorm: true, Dropout: 0.5})
	s := n.Summary()
	for _, want := range []string{"conv 1 -> 6, 5x5, pad 2", "batch norm 16", "max pool 2x2", "[16 5 5]", "dense 400 -> 120", "dropout 0.5", "total"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
}
