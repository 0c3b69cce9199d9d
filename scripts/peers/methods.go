package main

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/internal/bench"
)

// compared are the methods whose cost beside plain averaging is measured: each
// weighter, each base loss, and what is trained with most.
var compared = []string{
	"absgd", "absgd[ess=0.9]", "chi2", "cvar", "groupdro", "rgd", "term", "cb",
	"bitempered", "bs", "focal", "gce", "la", "ldam", "sce", "smooth", "absgd+la", "chi2+la",
}

// methods compares a step of each method with one of plain averaging. Since all
// take the same steps in an epoch, this is the cost of an epoch too.
func methods(ctx context.Context, c comparison) (table, error) {
	t := table{
		Text: "The time of a step, and so of an epoch, with each --method beside one with erm: the MLP, 128 samples a process. Both take turns in the same processes; " +
			"medians over the pairs, and 95 % intervals by order statistics.",
		Head: []string{"method", "pairs", "1 process: more time (95 %)", "2 processes: more time (95 %)"},
	}
	for _, method := range compared {
		var cells [2]string
		count := 0
		for n := 1; n <= 2; n++ {
			p := bench.PairTask{Base: bench.StepTask{Model: "mlp", Method: "erm"}, More: bench.StepTask{Model: "mlp", Method: method}, Block: 20, Pairs: 25}
			pairs, err := c.inTurn(ctx, "methods: "+method, n, p)
			if err != nil {
				return t, err
			}
			cells[n-1], _ = median(pairs.time)
			count = len(pairs.time)
		}
		t.row("`"+method+"`", fmt.Sprint(count), cells[0], cells[1])
	}
	return t, nil
}
