package optimizer_test

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/optimizer"
)

// Two shards of one global batch: the weights of both know of all four losses.
func ExampleABSGD() {
	lambda, err := optimizer.ParseLambda("1")
	if err != nil {
		panic(err)
	}
	w, err := optimizer.NewABSGD(optimizer.ABSGDConfig{Lambda: lambda, Gamma: 0.9, Alpha: 1})
	if err != nil {
		panic(err)
	}
	shards := []optimizer.Shard{
		{Losses: []float32{0.1, 0.7}, Q: make([]float32, 2)},
		{Losses: []float32{2.3, 4.0}, Q: make([]float32, 2)},
	}
	o, err := w.Weigh(context.Background(), optimizer.At{Step: 0, Steps: 1}, shards, optimizer.Solo{})
	if err != nil {
		panic(err)
	}
	for s, shard := range shards {
		for i, q := range shard.Q {
			fmt.Printf("loss %.1f  weight %.4f\n", shard.Losses[i], o.Factors[s]*q)
		}
	}
	w.Commit(o) // only now does the moving average move
	// Output:
	// loss 0.1  weight 0.0163
	// loss 0.7  weight 0.0297
	// loss 2.3  weight 0.1473
	// loss 4.0  weight 0.8066
}

// An optimizer is read as a sentence.
func ExampleBuild() {
	opt := optimizer.Build(2,
		optimizer.ClipByGlobalNorm(5),
		optimizer.AddDecayedWeights(5e-4),
		optimizer.Momentum(0.9),
		optimizer.ScaleBySchedule(0.1, optimizer.CosineDecay{}),
	)
	params, grads := []float32{1, 1}, []float32{30, 40}
	report := opt.Step(params, grads, optimizer.At{Step: 0, Steps: 10})
	fmt.Printf("norm %.0f, rate %.1f, parameters %.3f\n", report.GradNorm, report.LR, params)
	// Output: norm 50, rate 0.1, parameters [0.700 0.600]
}
