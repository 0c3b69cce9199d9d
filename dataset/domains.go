package dataset

import (
	"context"
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/internal/mapped"
)

// FewestLeft is how many rows a domain has at the least that is to be left out:
// figures of fewer say nothing.
const FewestLeft = 20

// Domain is the rows with one value in a column, by which Spec.Split
// leave:COLUMN=VALUE divides a table.
type Domain struct {
	Value string
	Rows  int
	// Why says why the domain cannot be left out; empty if it can.
	Why string
}

// LeaveAll returns the column of a Split that names no value, leave:COLUMN: it
// stands for one split for each value, and is none by itself.
func LeaveAll(split string) (column string, ok bool) {
	column, ok = strings.CutPrefix(split, "leave:")
	return column, ok && column != "" && !strings.Contains(column, "=")
}

// Leave returns the Split that leaves a domain of the column out.
func (d Domain) Leave(column string) string { return "leave:" + column + "=" + d.Value }

// Domains returns the values of a column of the table that s names, sorted, and
// which of them can be left out: those with FewestLeft rows and more, and with
// rows of every class among the others.
func Domains(ctx context.Context, s Spec, column string) (list []Domain, err error) {
	s.Split = "group:" + column
	if err := Check(s); err != nil {
		return nil, err
	}
	defer s.memory().close()
	fault := mapped.Guard(func() { list, err = domains(ctx, &s, column) })
	if fault != nil {
		return nil, fmt.Errorf("%s: %w", Shown(s.Data), fault)
	}
	return list, err
}

func domains(ctx context.Context, s *Spec, column string) ([]Domain, error) {
	src, place, err := parseSource(s.Data)
	if err != nil {
		return nil, err
	}
	if src.format == nil || s.TestData != "" {
		return nil, fmt.Errorf("--split leave:%s: expected one table without test data", column)
	}
	r, err := src.format.openTable(ctx, place, s)
	if err != nil {
		return nil, err
	}
	defer r.table.forget()
	g, err := r.table.grouped(r.table.split, "--split")
	if err != nil {
		return nil, err
	}
	counts := make([][]int, len(g.names)) // by domain and class, of the rows that count in training
	for d := range counts {
		counts[d] = make([]int, len(r.classes))
	}
	trained, err := r.table.counting(ascending(0, len(g.of)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	for _, row := range trained {
		counts[g.of[row]][r.labels[row]]++
	}
	list := make([]Domain, len(g.names))
	for _, d := range g.of {
		list[d].Rows++
	}
	for d, name := range g.names {
		list[d].Value, list[d].Why = name, missing(counts, d, list[d].Rows, r.classes)
	}
	return list, nil
}

// missing says why a domain of so many rows cannot be left out.
func missing(counts [][]int, left, rows int, classes []string) string {
	if rows < FewestLeft {
		return fmt.Sprintf("fewer than %d rows", FewestLeft)
	}
	for c, class := range classes {
		others := 0
		for d := range counts {
			if d != left {
				others += counts[d][c]
			}
		}
		if others == 0 {
			return fmt.Sprintf("no other row is of class %s", class)
		}
	}
	return ""
}
