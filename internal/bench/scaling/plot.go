package scaling

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// The panels of the plot, in pixels.
const (
	panelWidth, panelHeight = 380, 260
	leftRoom, topRoom       = 52, 34
	legendHeight            = 74
)

// The colours can be told apart by the colour-blind (Okabe and Ito, 2008).
var colours = []string{"#0072b2", "#d55e00", "#009e73"}

// styles are the lines of a row's three variants.
var styles = []struct{ dash, label string }{
	{"", "as it is"}, {"2 3", "all round the ring, without chords"}, {"8 4", "with the gradient in two levels (--fold)"},
}

// WritePlot writes the efficiency over the number of nodes as SVG: a panel for
// each network, a colour for each workload. The tables of a network follow each
// other.
func WritePlot(w io.Writer, tables []Table) {
	var panels [][]Table
	for i, t := range tables {
		if i == 0 || tables[i-1].Network.Name != t.Network.Name {
			panels = append(panels, nil)
		}
		panels[len(panels)-1] = append(panels[len(panels)-1], t)
	}
	width := leftRoom + len(panels)*(panelWidth+leftRoom)
	height := topRoom + panelHeight + 44 + legendHeight
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for i, p := range panels {
		writePanel(w, p, leftRoom+i*(panelWidth+leftRoom))
	}
	writeLegend(w, panels[0], topRoom+panelHeight+56)
	fmt.Fprintln(w, "</svg>")
}

// writePanel draws the axes and the lines of one network, its left edge at x.
func writePanel(w io.Writer, tables []Table, x int) {
	rows := tables[0].Rows
	least, most := math.Log2(float64(rows[0].Step.Nodes)), math.Log2(float64(rows[len(rows)-1].Step.Nodes))
	place := func(nodes int, efficiency float64) (float64, float64) {
		across := (math.Log2(float64(nodes)) - least) / max(1, most-least)
		return float64(x) + across*panelWidth, topRoom + (1-efficiency)*panelHeight
	}
	fmt.Fprintf(w, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", x, topRoom-14, tables[0].Network.Name)
	for quarter := range 5 {
		_, y := place(2, float64(quarter)/4)
		fmt.Fprintf(w, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%d %%</text>`+"\n",
			x, y, x+panelWidth, y, x-6, y+4, 25*quarter)
	}
	for _, r := range rows {
		at, _ := place(r.Step.Nodes, 0)
		fmt.Fprintf(w, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", at, topRoom+panelHeight+18, r.Step.Nodes)
	}
	fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="middle">nodes</text>`+"\n", x+panelWidth/2, topRoom+panelHeight+36)
	for i, t := range tables {
		var lines [3]strings.Builder
		for _, r := range t.Rows {
			for v, result := range []Result{r.Step, r.Round, r.Folded} {
				if v == 2 && r.Fold == 0 {
					continue
				}
				px, py := place(r.Step.Nodes, result.Efficiency(t.Workload))
				fmt.Fprintf(&lines[v], "%.1f,%.1f ", px, py)
			}
		}
		for v := range lines {
			fmt.Fprintf(w, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`+"\n",
				strings.TrimSpace(lines[v].String()), colours[i%len(colours)], styles[v].dash)
		}
	}
}

func writeLegend(w io.Writer, tables []Table, y int) {
	for i, t := range tables {
		x := leftRoom + i*140
		fmt.Fprintf(w, `<rect x="%d" y="%d" width="14" height="14" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			x, y, colours[i%len(colours)], x+20, y+12, t.Workload.Name)
	}
	for v, s := range styles {
		x := leftRoom + v*250
		fmt.Fprintf(w, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#333" stroke-width="2" stroke-dasharray="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			x, y+36, x+32, y+36, s.dash, x+40, y+40, s.label)
	}
}
