package safetensors_test

import (
	"bytes"
	"fmt"

	"github.com/ballast-ml/ballast/internal/safetensors"
)

func Example() {
	var file bytes.Buffer
	err := safetensors.Write(&file, map[string]string{"arch": "logistic"}, []safetensors.Tensor{
		{Name: "weight", Shape: []int{1, 2}, Data: []float32{0.5, -1}},
		{Name: "bias", Shape: []int{1}, Data: []float32{2}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	meta, tensors, err := safetensors.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	fmt.Println(meta, err)
	for _, t := range tensors {
		fmt.Println(t.Name, t.Shape, t.Data)
	}
	// Output:
	// map[arch:logistic] <nil>
	// bias [1] [2]
	// weight [1 2] [0.5 -1]
}
