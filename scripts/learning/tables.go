package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/stats"
)

const end = "<!-- end of learning -->"

var begin = regexp.MustCompile(`(?m)^<!-- learning: ([^;\n]+)(.*) -->$`)

// write brings the tables of all pages up to date.
func (s study) write(pages string) error {
	return filepath.WalkDir(pages, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		page, err := fill(string(text), s.table)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return os.WriteFile(path, []byte(page), 0o644)
	})
}

// fill puts what table returns behind each line that begins a table. It is told
// the rows that stand there.
func fill(page string, table func(g group, methods []string, old rows) (string, error)) (string, error) {
	var b strings.Builder
	for {
		at := begin.FindStringSubmatchIndex(page)
		if at == nil {
			b.WriteString(page)
			return b.String(), nil
		}
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == page[at[2]:at[3]] })
		if i < 0 {
			return "", fmt.Errorf("there is no group %q: want one of %v", page[at[2]:at[3]], names())
		}
		methods := groups[i].methods
		if list := page[at[4]:at[5]]; list != "" {
			methods = strings.Split(strings.TrimPrefix(list, "; "), "; ")
		}
		old, rest, closed := strings.Cut(page[at[1]:], end)
		if !closed {
			return "", fmt.Errorf("no line %q behind %q", end, page[at[0]:at[1]])
		}
		text, err := table(groups[i], methods, rowsOf(old))
		if err != nil {
			return "", err
		}
		b.WriteString(page[:at[1]] + "\n\n" + text + "\n" + end)
		page = rest
	}
}

// rows are the lines of a table, by what is in their first cell.
type rows map[string]row

type row struct {
	line  string
	seeds int
}

func rowsOf(table string) rows {
	all := rows{}
	for line := range strings.Lines(table) {
		if cells := strings.SplitN(line, "|", 4); len(cells) == 4 {
			seeds, _ := strconv.Atoi(strings.TrimSpace(cells[2])) // the head of the table has none
			all[strings.Trim(cells[1], " `")] = row{line, seeds}
		}
	}
	return all
}

// table returns the rows of a group's methods, each over the seeds that there
// are. Where more were trained elsewhere the old row stands: a run ends in the
// same figures on any machine.
func (s study) table(g group, methods []string, old rows) (string, error) {
	var b strings.Builder
	b.WriteString("| run | seeds | balanced accuracy | worst class | ECE |")
	rule := "\n|---|---|---|---|---|"
	if g.noisy {
		b.WriteString(" AUROC of changed labels |")
		rule += "---|"
	}
	b.WriteString(rule + "\n")
	for _, m := range methods {
		if !slices.Contains(g.methods, m) {
			return "", fmt.Errorf("%s has no method %q", g.name, m)
		}
		var balanced, worst, ece, found []float64
		for _, seed := range s.seeds {
			dir := s.dir(g, m, seed)
			f, err := read(dir)
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err == nil && g.noisy {
				var a float64
				a, err = s.suspects(dir)
				found = append(found, a)
			}
			if err != nil {
				return "", err
			}
			balanced, worst, ece = append(balanced, f.BalancedAccuracy), append(worst, f.WorstClassRecall), append(ece, f.ECE)
		}
		if old[m].seeds > len(balanced) {
			b.WriteString(old[m].line)
			continue
		}
		if len(balanced) == 0 {
			return "", fmt.Errorf("%s has not been trained in %s", m, filepath.Join(s.out, g.name))
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s |", m, len(balanced), cell(balanced), cell(worst), cell(ece))
		if g.noisy {
			fmt.Fprintf(&b, " %s |", cell(found))
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

// figures are what the tables show of a run's test part.
type figures struct {
	BalancedAccuracy float64 `json:"balanced_accuracy"`
	WorstClassRecall float64 `json:"worst_class_recall"`
	ECE              float64 `json:"ece"`
}

func read(dir string) (figures, error) {
	text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		return figures{}, err
	}
	var s struct{ Test figures }
	return s.Test, json.Unmarshal(text, &s)
}

// suspects returns how well the run's loss finds the changed labels; it is asked
// once, and the answer kept beside the run.
func (s study) suspects(dir string) (float64, error) {
	kept := filepath.Join(dir, "suspects.txt")
	text, err := os.ReadFile(kept)
	if errors.Is(err, os.ErrNotExist) {
		if text, err = exec.Command(s.ballast, "suspects", "--run", dir, "--top", "1").CombinedOutput(); err != nil {
			return 0, fmt.Errorf("suspects of %s: %w\n%s", dir, err, text)
		}
		err = os.WriteFile(kept, text, 0o644)
	}
	if err != nil {
		return 0, err
	}
	_, figure, found := strings.Cut(string(bytes.TrimSpace(text)), "AUROC ")
	if !found {
		return 0, fmt.Errorf("%s: no AUROC in %q", kept, text)
	}
	return strconv.ParseFloat(figure, 64)
}

// cell is the mean, with the sample standard deviation if there is one.
func cell(values []float64) string {
	if len(values) == 1 {
		return fmt.Sprintf("%.4f", values[0])
	}
	return fmt.Sprintf("%.4f ± %.4f", stats.Mean(values), stats.Deviation(values))
}
