package study

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/internal/stats"
	"github.com/ballast-ml/ballast/train"
)

// domains are the values of a column that a comparison leaves out in turn; none
// if its split is one.
type domains struct {
	column string
	left   []dataset.Domain
	not    []dataset.Domain // that cannot be left out
}

// domainSplit is one split of a comparison.
type domainSplit struct{ domain, split string }

// domainsOf finds the domains that the settings ask for.
func domainsOf(ctx context.Context, base train.Config, cache string) (d domains, err error) {
	column, ok := dataset.LeaveAll(base.Split)
	if !ok {
		return d, nil
	}
	all, err := train.Domains(ctx, base, cache)
	if err != nil {
		return d, err
	}
	d.column = column
	for _, one := range all {
		if one.Why == "" {
			d.left = append(d.left, one)
		} else {
			d.not = append(d.not, one)
		}
	}
	if len(d.left) == 0 {
		return d, &train.UsageError{Err: fmt.Errorf("--split leave:%s: no value can be left out: %s", column, d.refused())}
	}
	return d, nil
}

func (d domains) some() bool { return d.column != "" }

// refused names what cannot be left out, and why.
func (d domains) refused() string {
	var list []string
	for _, one := range d.not {
		list = append(list, fmt.Sprintf("%s (%d rows: %s)", one.Value, one.Rows, one.Why))
	}
	return strings.Join(list, ", ")
}

// splits are those that settings are trained with.
func (d domains) splits(c train.Config) []domainSplit {
	if !d.some() {
		return []domainSplit{{"", c.Split}}
	}
	var list []domainSplit
	for _, one := range d.left {
		list = append(list, domainSplit{one.Value, one.Leave(d.column)})
	}
	return list
}

func (d domains) index(value string) int {
	return slices.IndexFunc(d.left, func(one dataset.Domain) bool { return one.Value == value })
}

// seeds is how many a row has results of.
func (t *Table) seeds(row Row) int { return len(row.Results) / max(1, len(t.domains.left)) }

// paired says what the differences of a Pair are of.
func (t *Table) paired() string {
	if t.domains.some() {
		return "domains × seeds"
	}
	return "seeds"
}

// figure returns a figure for each seed: where domains were left out, the mean
// over those that define it.
func (t *Table) figure(row Row, name string) []float64 {
	if !t.domains.some() {
		return row.values(name)
	}
	return t.bySeed(row, name, stats.Mean)
}

// worst returns the worst figure of a domain for each seed.
func (t *Table) worst(row Row, name string) []float64 {
	m, _ := metrics.Parse(name)
	return t.bySeed(row, name, func(x []float64) float64 {
		worst := math.NaN()
		for _, v := range x {
			if worst != worst || m.Better(worst, v) {
				worst = v
			}
		}
		return worst
	})
}

// bySeed folds the defined figures of all domains of each seed into one.
func (t *Table) bySeed(row Row, name string, fold func([]float64) float64) []float64 {
	values, n := row.values(name), len(t.domains.left)
	var list []float64
	for at := 0; at < len(values); at += n {
		defined := slices.DeleteFunc(slices.Clone(values[at:at+n]), math.IsNaN)
		list = append(list, fold(defined))
	}
	return list
}

// in returns a figure on a domain for each seed.
func (t *Table) in(row Row, name string, domain int) []float64 {
	values := row.values(name)
	var list []float64
	for at := domain; at < len(values); at += len(t.domains.left) {
		list = append(list, values[at])
	}
	return list
}

// domainLines are the lines of a figure's table by domain, behind them the mean
// and the worst domain of each seed; a value for each method.
func (t *Table) domainLines(name string, line func(title, rows string, values func(Row) []float64)) {
	for i, one := range t.domains.left {
		line(one.Value, fmt.Sprint(one.Rows), func(r Row) []float64 { return t.in(r, name, i) })
	}
	line("mean", "", func(r Row) []float64 { return t.figure(r, name) })
	line("worst", "", func(r Row) []float64 { return t.worst(r, name) })
}

// domainsMarkdown writes a table of each central figure by domain.
func (t *Table) domainsMarkdown(b *strings.Builder) {
	if !t.domains.some() {
		return
	}
	fmt.Fprintf(b, "Each value of column %s is left out in training and tested, %d of %d.", t.domains.column, len(t.domains.left), len(t.domains.left)+len(t.domains.not))
	if len(t.domains.not) > 0 {
		fmt.Fprintf(b, " Not left out: %s.", t.domains.refused())
	}
	fmt.Fprintln(b)
	for _, name := range t.central() {
		fmt.Fprintf(b, "\n| %s without | rows |", title(name))
		for _, row := range t.Rows {
			fmt.Fprintf(b, " %s |", row.Method)
		}
		fmt.Fprintf(b, "\n|---|---|%s\n", strings.Repeat("---|", len(t.Rows)))
		t.domainLines(name, func(title, rows string, values func(Row) []float64) {
			fmt.Fprintf(b, "| %s | %s |", strings.ReplaceAll(title, "|", "\\|"), rows)
			for _, row := range t.Rows {
				fmt.Fprintf(b, " %s |", cell(values(row), digitsOf(name), " ± "))
			}
			fmt.Fprintln(b)
		})
	}
	fmt.Fprint(b, "\nMeans over the values left out:\n\n")
}

// domainsLaTeX writes the table of the monitored figure by domain.
func (t *Table) domainsLaTeX(b *strings.Builder) {
	if !t.domains.some() {
		return
	}
	name := t.Monitor.Name
	fmt.Fprintf(b, "\\begin{tabular}{lr%s}\n\\hline\n%s without & rows", strings.Repeat("r", len(t.Rows)), escape(title(name)))
	for _, row := range t.Rows {
		fmt.Fprintf(b, " & %s", escape(row.Method))
	}
	fmt.Fprint(b, " \\\\\n\\hline\n")
	t.domainLines(name, func(title, rows string, values func(Row) []float64) {
		fmt.Fprintf(b, "%s & %s", escape(title), rows)
		for _, row := range t.Rows {
			fmt.Fprintf(b, " & $%s$", cell(values(row), digitsOf(name), " \\pm "))
		}
		fmt.Fprint(b, " \\\\\n")
	})
	fmt.Fprint(b, "\\hline\n\\end{tabular}\n\n")
}
