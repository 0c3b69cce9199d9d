package dataset

import (
	"strconv"

	"github.com/ballast-ml/ballast/internal/rng"
)

// Noise returns images of random pixels with random labels, all of them
// training rows: data to measure the time of a step on, with any shape
// [channels, height, width]. There is nothing to be learnt from it. It panics
// unless there are rows and at least two classes.
func Noise(shape []int, classes, rows int, seed uint64) *Data {
	if rows < 1 || classes < 2 {
		panic("dataset: Noise wants rows and at least 2 classes")
	}
	draws := rng.New(seed, rng.Glyph, uint64(rows))
	train := &Set{classes: classes, dim: product(shape), shape: shape}
	train.ids, train.labels = make([]int32, rows), make([]int32, rows)
	train.pixels = make([]uint8, rows*train.dim)
	for i := range train.pixels {
		train.pixels[i] = uint8(draws.Uint64(uint64(i)))
	}
	for i := range rows {
		train.ids[i] = int32(i)
		train.labels[i] = int32(draws.IntN(uint64(len(train.pixels)+i), classes))
	}
	names := make([]string, classes)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	empty := func() *Set { return &Set{classes: classes, dim: train.dim, shape: shape} }
	return &Data{
		Name: "noise", Kind: Image, Shape: shape, Classes: names,
		Train: train, Val: empty(), Test: empty(),
		Prep: Prep{Kind: Image, Shape: shape, Classes: names},
	}
}
