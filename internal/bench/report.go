package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Options say what to measure.
type Options struct {
	Only  string // one of Sections; empty: all
	Short bool   // a look at everything in a few seconds, not a measurement
	Nodes int    // processes of the ring, and of the steps beside those of one; 2 or more
	Crew  Crew
	// Progress is told what comes next; it may be nil.
	Progress func(what string)
}

// Sections are the parts of a report.
var Sections = []string{"kernels", "ring", "step"}

// Report is what was measured. Sections left out are empty.
type Report struct {
	Machine Machine        `json:"machine"`
	Short   bool           `json:"short,omitempty"`
	Kernels []KernelResult `json:"kernels,omitempty"`
	Ring    []RingResult   `json:"ring,omitempty"`
	Step    []StepResult   `json:"step,omitempty"`
}

// Run measures what o asks for, one thing at a time.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	r := Report{Machine: ThisMachine(), Short: o.Short}
	for _, s := range []struct {
		name string
		run  func(context.Context, Options, *Report) error
	}{{"kernels", runKernels}, {"ring", runRing}, {"step", runStep}} {
		if o.Only != "" && o.Only != s.name {
			continue
		}
		if err := s.run(ctx, o, &r); err != nil {
			return Report{}, err
		}
	}
	return r, nil
}

func runKernels(ctx context.Context, o Options, r *Report) (err error) {
	o.Progress("kernels")
	products, rounds := Products(), 300
	if o.Short {
		products, rounds = slices.DeleteFunc(products, func(p Product) bool { return p.Operations() > 1e8 }), 15
	}
	r.Kernels, err = Kernels(ctx, products, rounds)
	return err
}

func runRing(ctx context.Context, o Options, r *Report) error {
	t := RingTask{Sizes: RingSizes, PerSize: 500 * time.Millisecond}
	if o.Short {
		t.Sizes, t.PerSize = []int{8, 64 << 10, 1 << 20}, 30*time.Millisecond
	}
	for _, name := range Transports() {
		o.Progress(fmt.Sprintf("ring of %d processes over %s", o.Nodes, name))
		t.Transport = name
		rows, err := o.Crew.Ring(ctx, o.Nodes, t)
		if err != nil {
			return err
		}
		r.Ring = append(r.Ring, rows...)
	}
	return nil
}

func runStep(ctx context.Context, o Options, r *Report) error {
	d := 2 * time.Second
	if o.Short {
		d = 100 * time.Millisecond
	}
	for _, model := range Models {
		for _, nodes := range []int{1, o.Nodes} {
			o.Progress(fmt.Sprintf("step of %s on %d", model, nodes))
			s, err := o.Crew.Step(ctx, nodes, StepTask{Model: model, Method: "absgd", Transport: BestTransport, Duration: d})
			if err != nil {
				return err
			}
			r.Step = append(r.Step, s)
		}
	}
	return nil
}
