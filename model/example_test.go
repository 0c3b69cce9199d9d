package model_test

import (
	"fmt"

	"github.com/ballast-ml/ballast/model"
)

// Two points a class, on either side of a line: logistic regression by plain
// gradient descent, with the mean loss as weights.
func Example() {
	net, err := model.New(model.Config{Arch: "logistic", Input: []int{2}, Classes: 2, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := []float32{0, 1, 1, 3, 2, 0, 3, 1} // four rows of two features
	labels := []int32{0, 0, 1, 1}
	weights := []float32{0.25, 0.25, 0.25, 0.25}
	for step := range uint64(100) {
		net.Losses(model.Pass{Train: true, Step: step}, model.CrossEntropy{}, x, labels)
		net.Backward(weights, nil)
		for i, g := range net.Grads() {
			net.Params()[i] -= g
		}
	}
	for i, l := range net.Losses(model.Pass{}, model.CrossEntropy{}, x, labels) {
		fmt.Printf("row %d: loss below 0.05: %v\n", i, l < 0.05)
	}
	// Output:
	// row 0: loss below 0.05: true
	// row 1: loss below 0.05: true
	// row 2: loss below 0.05: true
	// row 3: loss below 0.05: true
}

func ExampleNetwork_Tensors() {
	net, err := model.New(model.Config{Arch: "mlp:32", Input: []int{8}, Classes: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range net.Tensors() {
		fmt.Println(t.Name, t.Shape)
	}
	// Output:
	// layers.0.bias [32]
	// layers.0.weight [8 32]
	// layers.2.bias [3]
	// layers.2.weight [32 3]
}
