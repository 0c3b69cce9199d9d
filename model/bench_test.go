package model

import (
	"fmt"
	"testing"
)

// BenchmarkStep measures one forward and one backward pass of a shard, and the
// passes on their own.
func BenchmarkStep(b *testing.B) {
	for _, cfg := range []Config{
		{Arch: "mlp:256,128", Input: []int{784}, Classes: 10},
		{Arch: "mlp:256,128", Input: []int{784}, Classes: 10, Norm: "batch", Dropout: 0.3},
		{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 10},
		{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 10, Norm: "batch", Dropout: 0.3},
		{Arch: "resnet20", Input: []int{3, 32, 32}, Classes: 10, Norm: "batch"},
	} {
		rowCounts := []int{16, 128}
		if cfg.Arch == "resnet20" {
			rowCounts = []int{32}
		}
		for _, rows := range rowCounts {
			name := fmt.Sprintf("%s/rows=%d", cfg.testName(), rows)
			n := mustNew(b, cfg)
			data := newBatch(n, rows, 1)
			forward := func() { n.Losses(data.pass, CrossEntropy{}, data.x, data.y) }
			both := func() { forward(); n.Backward(data.w, nil) }
			measured(b, name+"/forward", rows, forward)
			measured(b, name+"/both", rows, both)
		}
	}
}

func measured(b *testing.B, name string, rows int, f func()) {
	b.Run(name, func(b *testing.B) {
		f()
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
	})
}

// BenchmarkLayers measures the layers of LeNet on 16 rows, one by one: what
// each costs tells where the next gain is.
func BenchmarkLayers(b *testing.B) {
	n := mustNew(b, Config{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 10, Norm: "batch"})
	data := newBatch(n, 16, 1)
	n.Losses(data.pass, CrossEntropy{}, data.x, data.y)
	n.Backward(data.w, nil)
	x := data.x
	for i, l := range n.layers {
		in := append([]float32(nil), x...)
		y := append([]float32(nil), l.Forward(data.pass, in)...)
		measured(b, fmt.Sprintf("%d %v/forward", i, l), 16, func() { l.Forward(data.pass, in) })
		dy := make([]float32, len(y))
		measured(b, fmt.Sprintf("%d %v/backward", i, l), 16, func() {
			copy(dy, y) // Backward may work in place
			l.Backward(dy)
		})
		x = y
	}
}
