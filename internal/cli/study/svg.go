package study

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/ballast-ml/ballast/internal/stats"
)

// The measures of the plot, in pixels.
const (
	plotLabels = 210 // room for the names of the methods
	plotWidth  = 330 // of a panel
	plotGap    = 40
	plotRow    = 26
	plotTop    = 46
)

// SVG draws the monitored figure and the worst class beside it: a dot for each
// model, a bar at the mean.
func (t *Table) SVG(w io.Writer) error {
	panels := []string{t.Monitor.Name}
	for _, name := range []string{"worst_class_recall", "balanced_accuracy"} {
		if len(panels) < 2 && name != t.Monitor.Name {
			panels = append(panels, name)
		}
	}
	var b strings.Builder
	width := plotLabels + len(panels)*(plotWidth+plotGap)
	height := plotTop + len(t.Rows)*plotRow + 30
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	for i, row := range t.Rows {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLabels-10, t.y(i)+4, xmlText(short(row.Method)))
	}
	for i, name := range panels {
		t.panel(&b, plotLabels+i*(plotWidth+plotGap), name)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) y(row int) int { return plotTop + row*plotRow + plotRow/2 }

// panel draws one figure of all rows.
func (t *Table) panel(b *strings.Builder, x0 int, name string) {
	var all []float64
	for _, row := range t.Rows {
		for _, v := range row.values(name) {
			if v == v {
				all = append(all, v)
			}
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="18" font-weight="bold">%s</text>`+"\n", x0, xmlText(title(name)))
	if len(all) == 0 {
		return
	}
	lo, hi := slices.Min(all), slices.Max(all)
	margin := max(0.04*(hi-lo), 1e-3)
	lo, hi = lo-margin, hi+margin
	at := func(v float64) float64 { return float64(x0) + (v-lo)/(hi-lo)*plotWidth }
	bottom := plotTop + len(t.Rows)*plotRow
	for k := range 5 {
		v := lo + float64(k)/4*(hi-lo)
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle" fill="#666">%.3f</text>`+"\n",
			at(v), plotTop-8, at(v), bottom, at(v), bottom+18, v)
	}
	for i, row := range t.Rows {
		for _, v := range row.values(name) {
			if v == v {
				fmt.Fprintf(b, `<circle cx="%.1f" cy="%d" r="4" fill="#3b6ea5" fill-opacity="0.55"/>`+"\n", at(v), t.y(i))
			}
		}
		if mean := stats.Mean(row.values(name)); !math.IsNaN(mean) {
			fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#222" stroke-width="2.5"/>`+"\n", at(mean), t.y(i)-9, at(mean), t.y(i)+9)
		}
	}
}

// short cuts a name to the room that there is.
func short(name string) string {
	if r := []rune(name); len(r) > 30 {
		return string(r[:29]) + "…"
	}
	return name
}

func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}
