package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is rows of cells; the first column is aligned to the left, the others
// to the right.
type table struct{ rows [][]string }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// lines returns the rows as text, two spaces between the columns.
func (t *table) lines() []string {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(t.rows))
	for r, row := range t.rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch i {
			case 0:
				b.WriteString(cell + pad)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		lines[r] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// print writes the lines.
func (t *table) print(w io.Writer) {
	for _, line := range t.lines() {
		fmt.Fprintln(w, line)
	}
}

// printColumns writes the rows behind the first in n blocks side by side, each
// under a copy of the first.
func (t *table) printColumns(w io.Writer, n int) {
	lines := t.lines()
	head, body := lines[0], lines[1:]
	height := (len(body) + n - 1) / n
	width := 0
	for _, line := range lines {
		width = max(width, utf8.RuneCountInString(line))
	}
	for r := range height + 1 {
		var b strings.Builder
		for c := range n {
			at := c*height + r - 1
			line := head
			switch {
			case c*height >= len(body):
				continue
			case r > 0 && at < len(body):
				line = body[at]
			case r > 0:
				line = ""
			}
			if c > 0 {
				b.WriteString("  │  ")
			}
			b.WriteString(line + strings.Repeat(" ", width-utf8.RuneCountInString(line)))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " │"))
	}
}
