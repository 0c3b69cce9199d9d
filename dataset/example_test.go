package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ballast-ml/ballast/dataset"
)

// A table is opened, and one of two nodes reads its shards of each batch.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "flowers.csv")
	rows := "length,width,kind\n1,4,rose\n2,3,rose\n3,2,rose\n4,1,rose\n6,5,tulip\n7,6,tulip\n8,7,tulip\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	data, err := dataset.Open(ctx, dataset.Spec{Data: "csv:" + file, Label: "kind"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Classes, data.Train.Counts(), data.Test.Counts())

	plan := dataset.Plan{Rows: data.Train.Len(), Batch: 3, Epochs: 1}
	loader := dataset.NewLoader(data.Train, plan, 2, 1, 2, 0) // shard 1 of 2
	defer loader.Close()
	for {
		batch, err := loader.Next(ctx)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, part := range batch.Parts {
			fmt.Printf("step %d, from position %d of %d: rows %v\n", batch.Step, part.First, batch.Rows, part.IDs)
		}
	}
	// Output:
	// [rose tulip] [3 2] [1 1]
	// step 0, from position 1 of 3: rows [6 1]
	// step 1, from position 1 of 2: rows [5]
}

// A plan is pure: any node can say what step 1000 will use.
func ExamplePlan() {
	plan := dataset.Plan{Rows: 60000, Batch: 128, Epochs: 20, Seed: 1}
	epoch, first, rows := plan.At(1000)
	fmt.Println("steps:", plan.TotalSteps(), "epoch:", epoch, "first:", first, "rows:", rows)
	lo, hi := dataset.ShardRange(rows, 8, 3)
	fmt.Println("shard 3 of 8:", lo, "to", hi)
	// Output:
	// steps: 9380 epoch: 2 first: 7936 rows: 128
	// shard 3 of 8: 48 to 64
}
