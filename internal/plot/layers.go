package plot

import (
	"fmt"
	"strings"
)

// layerColours can be told apart by the colour-blind, and from the colours of
// lines (Paul Tol's muted scheme).
var layerColours = []string{"#ddcc77", "#88ccee", "#cc6677", "#332288", "#aa4499", "#44aa99", "#999933", "#882255"}

// Column is what a stack is made of at one place.
type Column struct {
	X     float64
	Parts []float64 // one for each name, at least 0
}

// Layers draws parts of a whole over a common axis, the first at the bottom.
// nil: there is nothing to draw.
func Layers(l Labels, names []string, columns []Column) *Canvas {
	x, y := nothing(), extent{0, 0}
	for _, c := range columns {
		x.add(c.X)
		y.add(upTo(c, len(names)))
	}
	if x.empty() || y.high == 0 {
		return nil
	}
	if x.low == x.high {
		x = x.widened()
	}
	var entries []Entry
	for i, name := range names {
		entries = append(entries, Entry{name, layer(i)})
	}
	f := newFrame(l, entries, x, y, false)
	for i := range names {
		var round []Point
		for _, c := range columns {
			round = append(round, Point{f.across.At(c.X), f.up.At(upTo(c, i+1))})
		}
		for k := len(columns) - 1; k >= 0; k-- {
			round = append(round, Point{f.across.At(columns[k].X), f.up.At(upTo(columns[k], i))})
		}
		f.Path([][]Point{round}, layer(i))
	}
	f.zones(func(from, to float64) string { return toldLayers(l.Across, names, columns, from, to) })
	return f.Canvas
}

func layer(i int) Paint { return Paint{Fill: layerColours[i%len(layerColours)]} }

// upTo returns the sum of the first n parts.
func upTo(c Column, n int) (sum float64) {
	for _, p := range c.Parts[:n] {
		sum += p
	}
	return sum
}

func toldLayers(across string, names []string, columns []Column, from, to float64) string {
	sums, n := make([]float64, len(names)), 0
	for _, c := range columns {
		if c.X >= from && c.X <= to {
			n++
			for i, p := range c.Parts {
				sums[i] += p
			}
		}
	}
	if n == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s to %s", across, Number(from), Number(to))
	for i := len(names) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "\n%s %s", names[i], Number(sums[i]/float64(n)))
	}
	return b.String()
}
