package scaling

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Row is one line of a table: a step on so many nodes, as it is, with small
// messages round the ring, and with a gradient in two levels.
type Row struct {
	Step, Round, Folded Result
	Fold                int // --fold of Folded; 0: it is Step
}

// Table is one workload on one network.
type Table struct {
	Network  Network
	Workload Workload
	Rows     []Row
}

// With returns r with the waits for small messages that another simulation has
// found. In a step whose phases follow each other, a wait that is over sooner
// moves all behind it and changes nothing else.
func (r Result) With(small Result) Result {
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
		fmt.Fprintln(w, "| nodes | step ms | exposed ms | normaliser | sum | report | efficiency | all round the ring: step ms | efficiency | --fold: step ms (groups) | efficiency |")
		fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
		for _, r := range t.Rows {
			fmt.Fprintf(w, "| %d | %s | %s | %s | %s | %s | %s | %s | %s |", r.Step.Nodes, millis(r.Step.Step), millis(r.Step.Exposed()),
				millis(r.Step.Normaliser), millis(r.Step.Sum), millis(r.Step.Report), percent(r.Step, work), millis(r.Round.Step), percent(r.Round, work))
			if r.Fold > 0 {
				fmt.Fprintf(w, " %s (%d) | %s |\n", millis(r.Folded.Step), r.Fold, percent(r.Folded, work))
			} else {
				fmt.Fprintln(w, " | |")
			}
		}
	}
}

// Pair is a step that waits first, and one that overlaps.
type Pair struct{ Waiting, Overlapped Result }

// Overlaps is what overlap brings to one workload on one network.
type Overlaps struct {
	Network  Network
	Workload Workload
	Pairs    []Pair
}

// WriteOverlaps writes a line for each number of nodes, workload by workload.
func WriteOverlaps(w io.Writer, all []Overlaps) {
	fmt.Fprint(w, "\n### With overlap\n\nmilliseconds a step, waiting first → overlapped, and the efficiency overlapped.\n\n")
	fmt.Fprintln(w, "| network | model | computing |", nodesOf(all[0].Pairs))
	fmt.Fprintln(w, "|---|---|---|"+strings.Repeat("---|", len(all[0].Pairs)))
	for _, o := range all {
		fmt.Fprintf(w, "| %s | %s | %s |", o.Network.Name, o.Workload.Name, millis(o.Workload.Compute()))
		for _, p := range o.Pairs {
			fmt.Fprintf(w, " %s → %s, %s |", millis(p.Waiting.Step), millis(p.Overlapped.Step), percent(p.Overlapped, o.Workload))
		}
		fmt.Fprintln(w)
	}
}

func nodesOf(pairs []Pair) string {
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, " %d nodes |", p.Waiting.Nodes)
	}
	return strings.TrimSpace(b.String())
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
