package telemetry

import (
	"fmt"
	"testing"

	"github.com/ballast-ml/ballast/train"
)

// TestRunOfTwoNodes trains on two real nodes and reads the figures of both, in
// the middle of the run and at its end, where they are those of the summary.
func TestRunOfTwoNodes(t *testing.T) {
	cfg := train.Defaults()
	cfg.Model, cfg.Method, cfg.Lambda, cfg.Steps, cfg.ValFraction = "mlp:16", "absgd", "2", 70, 0.1
	addr := make(chan string, 1)
	type outcome struct {
		train.Summary
		error
	}
	ends := make(chan outcome, 2)
	var servers [2]*Server
	var last [2]train.StepDone
	for i := range servers {
		f := NewFigures()
		servers[i] = serve(t, f)
		watch := train.Observer{
			Joined: func(v train.Joined) {
				if i == 0 {
					addr <- v.Addr
				}
			},
			StepDone: func(v train.StepDone) {
				if last[i] = v; v.Step == 40 {
					has(t, servers[i], "ballast_steps_total 40", "ballast_step 40", "ballast_planned_steps 70", fmt.Sprintf("ballast_samples_total %d", v.SamplesSeen),
						"ballast_world_size 2", "ballast_ring_generation 1", fmt.Sprintf("ballast_loss %v", float64(v.Loss)))
				}
			},
		}
		opts := train.Options{Name: fmt.Sprint("n", i), Listen: "127.0.0.1:0", Nodes: 2, EvalEvery: 1, Observe: train.Tee(f.Observer(), watch)}
		if i == 1 {
			opts.Join = []string{<-addr}
		}
		go func() {
			s, err := train.Run(t.Context(), cfg, opts)
			ends <- outcome{s, err}
		}()
	}
	for range servers {
		end := <-ends
		if end.error != nil {
			t.Fatal(end.error)
		}
		for i, s := range servers {
			has(t, s, fmt.Sprintf("ballast_steps_total %d", end.Steps), fmt.Sprintf("ballast_samples_total %d", end.SamplesSeen), "ballast_rings_lost_total 0",
				fmt.Sprintf("ballast_ess_ratio %v", last[i].ESS/float64(last[i].Rows)), fmt.Sprintf("ballast_evaluation_step{split=\"val\"} %d", 59))
		}
	}
}
