package study

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Write writes the table to a directory: compare.md, compare.tex, compare.csv
// with a line for each model, and compare.svg.
func (t *Table) Write(dir string) error {
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{"compare.md", t.Markdown}, {"compare.tex", t.LaTeX}, {"compare.csv", t.CSV}, {"compare.svg", t.SVG}} {
		var b strings.Builder
		if err := f.write(&b); err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		if err := writeWhole(filepath.Join(dir, f.name), []byte(b.String())); err != nil {
			return err
		}
	}
	return nil
}

// used are the columns that some row defines, with the seconds at the end.
func (t *Table) used() []string {
	var list []string
	for _, name := range t.Columns {
		if slices.ContainsFunc(t.Rows, func(r Row) bool { return cell(t.figure(r, name), 1, "") != "-" }) {
			list = append(list, name)
		}
	}
	return append(list, "seconds")
}

// Markdown writes the table, the paired differences and, if settings were
// searched, those that were chosen.
func (t *Table) Markdown(w io.Writer) error {
	var b strings.Builder
	columns := t.used()
	t.domainsMarkdown(&b)
	fmt.Fprintf(&b, "| method | seeds |")
	for _, name := range columns {
		fmt.Fprintf(&b, " %s |", title(name))
	}
	fmt.Fprintf(&b, "\n|---|---|%s\n", strings.Repeat("---|", len(columns)))
	for _, row := range t.Rows {
		fmt.Fprintf(&b, "| %s | %d |", row.Method, t.seeds(row))
		for _, name := range columns {
			fmt.Fprintf(&b, " %s |", cell(t.figure(row, name), digitsOf(name), " ± "))
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "\n| difference | figure | mean | 95 %% interval | p (signed rank) | %s better / worse |\n|---|---|---|---|---|---|\n", t.paired())
	for _, p := range t.Pairs() {
		fmt.Fprintf(&b, "| %s − %s | %s | %+.4f | %+.4f to %+.4f | %s | %d / %d |\n",
			p.Method, p.Against, title(p.Figure), p.Mean, p.Low, p.High, probability(p.P), p.Better, p.Worse)
	}
	if t.Trials > 1 {
		fmt.Fprintf(&b, "\nOf %d trials for each method, by the mean %s on the validation part:\n\n", t.Trials, title(t.Monitor.Name))
		for _, row := range t.Rows {
			fmt.Fprintf(&b, "- %s: %s\n", row.Method, row.Settings)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func probability(p float64) string {
	if p != p {
		return "-"
	}
	return strconv.FormatFloat(p, 'g', 3, 64)
}

// LaTeX writes the table for a paper.
func (t *Table) LaTeX(w io.Writer) error {
	var b strings.Builder
	columns := t.used()
	t.domainsLaTeX(&b)
	fmt.Fprintf(&b, "\\begin{tabular}{l%s}\n\\hline\nmethod", strings.Repeat("r", len(columns)))
	for _, name := range columns {
		fmt.Fprintf(&b, " & %s", escape(title(name)))
	}
	fmt.Fprint(&b, " \\\\\n\\hline\n")
	for _, row := range t.Rows {
		b.WriteString(escape(row.Method))
		for _, name := range columns {
			fmt.Fprintf(&b, " & $%s$", cell(t.figure(row, name), digitsOf(name), " \\pm "))
		}
		fmt.Fprint(&b, " \\\\\n")
	}
	fmt.Fprint(&b, "\\hline\n\\end{tabular}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// escape makes plain text of what LaTeX would read as commands.
func escape(text string) string {
	return strings.NewReplacer("\\", "\\textbackslash{}", "_", "\\_", "%", "\\%", "&", "\\&", "#", "\\#", "$", "\\$",
		"{", "\\{", "}", "\\}", "^", "\\^{}", "~", "\\~{}").Replace(text)
}

// CSV writes a line for each model of the table.
func (t *Table) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	columns := t.used()
	head := []string{"method", "trial", "seed", "model_sha256"}
	if t.domains.some() {
		head = append(head, "left_out")
	}
	if err := out.Write(append(head, columns...)); err != nil {
		return err
	}
	for _, row := range t.Rows {
		for i, r := range row.Results {
			line := []string{row.Method, strconv.Itoa(row.Trial), strconv.FormatUint(r.Seed, 10), r.Summary.ModelSHA256}
			if t.domains.some() {
				line = append(line, r.Domain)
			}
			for _, name := range columns {
				v := row.values(name)[i]
				text := ""
				if v == v {
					text = strconv.FormatFloat(v, 'g', -1, 64)
				}
				line = append(line, text)
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// Write writes tune.md, with all candidates, and the settings that won as
// best.yaml.
func (f *Found) Write(dir string, best []byte) error {
	var b strings.Builder
	if err := f.Markdown(&b, len(f.Candidates)); err != nil {
		return err
	}
	if err := writeWhole(filepath.Join(dir, "tune.md"), []byte(b.String())); err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, "best.yaml"), best)
}
