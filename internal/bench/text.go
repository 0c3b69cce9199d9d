package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/ballast-ml/ballast/internal/kernel"
)

// WriteText writes the report as tables for people.
func (r Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	m := r.Machine
	fmt.Fprintf(w, "%s, %d cores, %s, %s, ballast %s", m.CPU, m.Cores, m.System, m.Go, m.Version)
	if m.Load != "" {
		fmt.Fprintf(w, ", load %s", m.Load)
	}
	fmt.Fprintln(w)
	if r.Short {
		fmt.Fprintln(w, "(--short: a look, not a measurement)")
	}
	if len(r.Kernels) > 0 {
		writeKernels(w, t, r.Kernels)
	}
	if len(r.Ring) > 0 {
		writeRing(w, t, r.Ring)
	}
	if len(r.Step) > 0 {
		writeStep(w, t, r.Step)
	}
	return t.Flush()
}

// row writes cells, the last of which is aligned as the others.
func row(w io.Writer, cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")+"\t") }

func writeKernels(w io.Writer, t *tabwriter.Writer, results []KernelResult) {
	fmt.Fprint(w, "\nKernels, 1 thread, best of rounds: GFLOP/s and percent of the multiply-add peak in the same rounds\n\n")
	paths := kernel.Paths()
	head := []string{"model", "product", "m×n×k"}
	for i := len(paths) - 1; i >= 0; i-- {
		head = append(head, paths[i], "%")
	}
	row(t, head...)
	for len(results) > 0 {
		p := results[0].Product
		cells := []string{p.Model, p.Op, fmt.Sprintf("%d×%d×%d", p.M, p.N, p.K)}
		for i := len(paths) - 1; i >= 0; i-- {
			if len(results) > 0 && results[0].Product == p && results[0].Path == paths[i] {
				cells = append(cells, fmt.Sprintf("%.1f", results[0].Gflops), fmt.Sprintf("%.0f", results[0].Percent))
				results = results[1:]
			} else {
				cells = append(cells, "", "")
			}
		}
		row(t, cells...)
	}
	t.Flush()
}

func writeRing(w io.Writer, t *tabwriter.Writer, results []RingResult) {
	fmt.Fprintf(w, "\nRing, %d processes, one shard each: one sum\n\n", results[0].Nodes)
	row(t, "transport", "bytes", "µs", "best µs", "CPU µs", "algbw GB/s", "busbw GB/s")
	for _, r := range results {
		row(t, r.Transport, fmt.Sprint(r.Bytes), micros(r.Micros), micros(r.Best), micros(r.CPU), fmt.Sprintf("%.3f", r.AlgBW), fmt.Sprintf("%.3f", r.BusBW))
	}
	t.Flush()
}

func writeStep(w io.Writer, t *tabwriter.Writer, results []StepResult) {
	fmt.Fprint(w, "\nStep, one shard a process, one core each: medians; phases in ms\n\n")
	row(t, "model", "processes", "batch", "samples/s", "best", "ms", "CPU ms", "data", "forward", "normalizer", "backward", "allreduce", "optimizer")
	for _, r := range results {
		ms := func(seconds float64) string { return fmt.Sprintf("%.3f", seconds*1e3) }
		p := r.Phases
		row(t, r.Model, fmt.Sprint(r.Nodes), fmt.Sprint(r.Batch), fmt.Sprintf("%.0f", r.Samples), fmt.Sprintf("%.0f", r.Best),
			fmt.Sprintf("%.3f", r.Millis), fmt.Sprintf("%.3f", r.CPU),
			ms(p.Data), ms(p.Forward), ms(p.Normalizer), ms(p.Backward), ms(p.AllReduce), ms(p.Optimizer))
	}
	t.Flush()
}

// micros writes microseconds with as many digits as say something.
func micros(us float64) string {
	if us < 100 {
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}
