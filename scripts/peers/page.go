package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ballast-ml/ballast/internal/bench"
)

// table is one section of the page.
type table struct {
	Title   string        `json:"title"`
	Text    string        `json:"text"`
	Peer    string        `json:"peer,omitempty"` // its version
	Head    []string      `json:"head"`
	Rows    [][]string    `json:"rows"`
	Rounds  int           `json:"rounds"`
	Machine bench.Machine `json:"machine"` // with the load at the end
}

func (t *table) row(cells ...string) { t.Rows = append(t.Rows, cells) }

func (t table) save(path string) error {
	t.Machine = bench.ThisMachine()
	text, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// begin and end are the lines of the page between which the tables stand.
const begin, end = "<!-- tables: make bench-peers -->", "<!-- end of tables -->"

// writePage puts what was measured into the page. What was not keeps its place.
func writePage(path, state string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no lines %q and %q", path, begin, end)
	}
	body, _, _ := strings.Cut(rest, end)
	old := make(map[string]string) // by title
	for part := range strings.SplitSeq(body, "\n## ") {
		title, _, _ := strings.Cut(part, "\n")
		old[title] = "\n## " + strings.TrimRight(part, "\n") + "\n"
	}
	var b strings.Builder
	b.WriteString(head + begin + "\n")
	for _, s := range sections {
		text, err := os.ReadFile(filepath.Join(state, s.name+".json"))
		if errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(os.Stderr, "%s has not been measured here\n", s.name)
			b.WriteString(old[s.title])
			continue
		}
		var t table
		if err == nil {
			err = json.Unmarshal(text, &t)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		t.write(&b)
	}
	b.WriteString("\n" + end + tail)
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func (t table) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s %d rounds", t.Title, t.Text, t.Rounds)
	if t.Peer != "" {
		fmt.Fprintf(b, "; %s", t.Peer)
	}
	fmt.Fprintf(b, "; %s, %d cores, %s, load at the end %s.\n\n", t.Machine.CPU, t.Machine.Cores, t.Machine.Go, t.Machine.Load)
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(t.Head, " | "), strings.Repeat("---|", len(t.Head)))
	for _, r := range t.Rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r, " | "))
	}
}

// met compares a figure with what is aimed at.
func met(ok bool) string {
	if ok {
		return "yes"
	}
	return "**no**"
}

// spread writes the median of ratios with the least and the greatest.
func spread(ratios []float64) string {
	lo, hi := ratios[0], ratios[0]
	for _, r := range ratios {
		lo, hi = min(lo, r), max(hi, r)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", bench.Median(ratios), lo, hi)
}

// percentMore writes how much more a ratio is than 1.
func percentMore(ratio float64) string { return fmt.Sprintf("%+.1f %%", 100*(ratio-1)) }
