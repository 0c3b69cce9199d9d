package scaling

import (
	"fmt"
	"io"

	"github.com/ballast-ml/ballast/internal/plot"
)

// The panels of the plot, in pixels.
const (
	panelWidth, panelHeight = 380, 260
	leftRoom, topRoom       = 52, 34
	legendHeight            = 74
)

// styles are the lines of a row's three variants.
var styles = []struct{ dash, label string }{
	{"", "as it is"}, {"2 3", "all round the ring, without chords"}, {"8 4", "with the gradient in two levels (--fold)"},
}

// WritePlot writes the efficiency over the number of nodes as SVG: a panel for
// each network, a colour for each workload. The tables of a network follow each
// other.
func WritePlot(w io.Writer, tables []Table) error {
	var panels [][]Table
	for i, t := range tables {
		if i == 0 || tables[i-1].Network.Name != t.Network.Name {
			panels = append(panels, nil)
		}
		panels[len(panels)-1] = append(panels[len(panels)-1], t)
	}
	c := plot.NewCanvas(float64(leftRoom+len(panels)*(panelWidth+leftRoom)), topRoom+panelHeight+44+legendHeight)
	for i, p := range panels {
		drawPanel(c, p, float64(leftRoom+i*(panelWidth+leftRoom)))
	}
	drawLegend(c, panels[0], topRoom+panelHeight+56)
	_, err := c.WriteTo(w)
	return err
}

// drawPanel draws the axes and the lines of one network, its left edge at x.
func drawPanel(c *plot.Canvas, tables []Table, x float64) {
	rows := tables[0].Rows
	across := plot.Scale{Low: float64(rows[0].Step.Nodes), High: float64(rows[len(rows)-1].Step.Nodes), From: x, To: x + panelWidth, Log: true}
	up := plot.Scale{Low: 0, High: 1, From: topRoom + panelHeight, To: topRoom}
	c.Text(x, topRoom-14, tables[0].Network.Name, plot.Style{Bold: true})
	for quarter := range 5 {
		y := up.At(float64(quarter) / 4)
		c.Line(x, y, x+panelWidth, y, plot.Grid)
		c.Text(x-6, y+4, fmt.Sprintf("%d %%", 25*quarter), plot.Style{Anchor: "end"})
	}
	for _, r := range rows {
		c.Text(across.At(float64(r.Step.Nodes)), topRoom+panelHeight+18, fmt.Sprint(r.Step.Nodes), plot.Style{Anchor: "middle"})
	}
	c.Text(x+panelWidth/2, topRoom+panelHeight+36, "nodes", plot.Style{Anchor: "middle"})
	for i, t := range tables {
		var lines [3][]plot.Point
		for _, r := range t.Rows {
			for v, result := range []Result{r.Step, r.Round, r.Folded} {
				if v == 2 && r.Fold == 0 {
					continue
				}
				lines[v] = append(lines[v], plot.Point{X: across.At(float64(r.Step.Nodes)), Y: up.At(result.Efficiency(t.Workload))})
			}
		}
		for v, line := range lines {
			c.Path([][]plot.Point{line}, plot.Paint{Stroke: plot.Series(i).Stroke, Width: 2, Dash: styles[v].dash})
		}
	}
}

func drawLegend(c *plot.Canvas, tables []Table, y float64) {
	for i, t := range tables {
		x := float64(leftRoom + i*140)
		c.Rect(x, y, 14, 14, plot.Paint{Fill: plot.Series(i).Stroke})
		c.Text(x+20, y+12, t.Workload.Name, plot.Style{})
	}
	for v, s := range styles {
		x := float64(leftRoom + v*250)
		c.Line(x, y+36, x+32, y+36, plot.Paint{Stroke: plot.Ink, Width: 2, Dash: s.dash})
		c.Text(x+40, y+40, s.label, plot.Style{})
	}
}
