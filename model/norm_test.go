package model

import (
	"math"
	"testing"
)

// TestNormStats compares the statistics with two plain passes in float64.
func TestNormStats(t *testing.T) {
	const rows, channels = 5, 3
	for _, area := range []int{1, 7} {
		n := newNorm(channels, area)
		b := newLayerBench(layerCase{layer: n, rows: rows, in: channels * area, pass: Pass{Train: true}})
		for i := range b.x {
			b.x[i] = 1000 + b.x[i] // a mean far from 0 must not cost digits
		}
		y := b.forward(b.x)
		for c := range channels {
			var mean, variance, got float64
			each := func(f func(i int)) {
				for r := range rows {
					for p := range area {
						f((r*channels+c)*area + p)
					}
				}
			}
			each(func(i int) { mean += float64(b.x[i]) / (rows * float64(area)) })
			each(func(i int) { variance += math.Pow(float64(b.x[i])-mean, 2) / (rows * float64(area)) })
			each(func(i int) { got += float64(y[i]) / (rows * float64(area)) })
			if !near(float64(b.stats[c]), mean, 1e-7) || !near(float64(b.stats[channels+c]), variance, 1e-6) {
				t.Errorf("area %d channel %d: (%v, %v), want (%v, %v)", area, c, b.stats[c], b.stats[channels+c], mean, variance)
			}
			// The mean is rounded to float32, 3e-5 at 1000.
			if want := float64(n.beta.v[c]); math.Abs(got-want) > 1e-4 {
				t.Errorf("area %d channel %d: outputs have mean %v, want β = %v", area, c, got, want)
			}
		}
	}
}

// TestNormOneRow: a single row is its own mean; the output is β and no gradient
// passes.
func TestNormOneRow(t *testing.T) {
	n := newNorm(4, 1)
	b := newLayerBench(layerCase{layer: n, rows: 1, in: 4, pass: Pass{Train: true}})
	if y := b.forward(b.x); !sameBits(y, n.beta.v) {
		t.Errorf("outputs %v, want %v", y, n.beta.v)
	}
	dx, _ := b.backward()
	for _, d := range dx {
		if d != 0 {
			t.Errorf("input gradient %v", dx)
		}
	}
}

// TestNormRunning: with the batch's statistics as running ones, evaluation is
// training, bit for bit but for the variance, which is rounded to float32.
func TestNormRunning(t *testing.T) {
	for _, cfg := range archCases(2) {
		if cfg.Norm != "batch" {
			continue
		}
		cfg.Dropout = 0
		n := mustNew(t, cfg)
		b := newBatch(n, 6, 3)
		train := append([]float32(nil), n.Logits(b.pass, b.x, 6)...)
		copy(n.Running(), n.Stats())
		for i, v := range n.Logits(Pass{}, b.x, 6) {
			if !near(float64(v), float64(train[i]), 1e-5) {
				t.Errorf("%s: logit %d is %v in evaluation, %v in training", cfg.testName(), i, v, train[i])
			}
		}
	}
}

func TestBlend(t *testing.T) {
	n := mustNew(t, Config{Arch: "mlp:2", Input: []int{1}, Classes: 2, Norm: "batch"})
	if want := []float32{0, 0, 1, 1}; !sameBits(n.Running(), want) {
		t.Fatalf("running statistics start as %v, want means 0 and variances 1", n.Running())
	}
	n.Blend([]float32{10, -20, 1, 3})
	want := []float32{1, -2, 0.9 + 0.1, 0.9 + 0.3}
	for i, v := range n.Running() {
		if !near(float64(v), float64(want[i]), 1e-7) {
			t.Errorf("running[%d] = %v, want %v", i, v, want[i])
		}
	}
}
