package scaling

import (
	"fmt"
	"io"
	"time"
)

// Row is one line of a table: a step on so many nodes, as it is, with direct
// small messages, and with a gradient in two levels besides.
type Row struct {
	Ring, Direct, Folded Result
	Fold                 int // nodes in a ring of the first level; 0: Folded is Direct
}

// Table is one workload on one network.
type Table struct {
	Network  Network
	Workload Workload
	Rows     []Row
}

// Direct returns r with the waits for small messages that another simulation
// has found. In a step whose phases follow each other, a wait that is over
// sooner moves all behind it and changes nothing else.
func (r Result) Direct(small Result) Result {
	r.Step -= r.Normaliser + r.Report
	r.Normaliser, r.Report = small.Normaliser, small.Report
	r.Step += r.Normaliser + r.Report
	return r
}

// WriteTables writes the tables in Markdown.
func WriteTables(w io.Writer, tables []Table) {
	for _, t := range tables {
		work := t.Workload
		fmt.Fprintf(w, "\n### %s on %s\n\n", work.Name, t.Network.Name)
		fmt.Fprintf(w, "%d samples a node and step, %d parameters", work.Rows, work.Parameters)
		if work.Statistics > 0 {
			fmt.Fprintf(w, " and %d batch statistics", work.Statistics)
		}
		fmt.Fprintf(w, ", %s ms of computing.\n\n", millis(work.Compute()))
		fmt.Fprintln(w, "| nodes | step ms | exposed ms | normaliser | sum | report | efficiency | direct: step ms | efficiency | and two levels: step ms | efficiency |")
		fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
		for _, r := range t.Rows {
			fmt.Fprintf(w, "| %d | %s | %s | %s | %s | %s | %s | %s | %s |", r.Ring.Nodes, millis(r.Ring.Step), millis(r.Ring.Exposed()),
				millis(r.Ring.Normaliser), millis(r.Ring.Sum), millis(r.Ring.Report), percent(r.Ring, work), millis(r.Direct.Step), percent(r.Direct, work))
			if r.Fold > 0 {
				fmt.Fprintf(w, " %s (%d×%d) | %s |\n", millis(r.Folded.Step), r.Fold, r.Ring.Nodes/r.Fold, percent(r.Folded, work))
			} else {
				fmt.Fprintln(w, " | |")
			}
		}
	}
}

func percent(r Result, w Workload) string {
	e := 100 * r.Efficiency(w)
	if e < 10 {
		return fmt.Sprintf("%.1f %%", e)
	}
	return fmt.Sprintf("%.0f %%", e)
}

// millis writes milliseconds with three digits or more.
func millis(d time.Duration) string {
	switch ms := d.Seconds() * 1e3; {
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	default:
		return fmt.Sprintf("%.0f", ms)
	}
}
