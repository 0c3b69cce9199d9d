package plot

import (
	"fmt"
	"strings"
)

// Sample is a point of a line, with what its thinning has left out.
type Sample struct {
	X         float64
	Y         float64 // not finite: the line is broken here
	Low, High float64 // of the values that Y is the mean of
}

// Line is one line of a panel.
type Line struct {
	Name    string
	Paint   Paint
	Samples []Sample // by X
}

// Lines draws lines over a common axis, each with a pale band from the least to
// the largest of what it is the mean of. With log the axis up is logarithmic if
// the values allow it and need it. nil: there is nothing to draw.
func Lines(l Labels, lines []Line, log bool) *Canvas {
	x, y := nothing(), nothing()
	var entries []Entry
	for _, line := range lines {
		for _, s := range line.Samples {
			x.add(s.X) // where there is a gap as well: panels of the same steps agree
			if finite(s.Y) {
				y.add(s.Y, s.Low, s.High)
			}
		}
		entries = append(entries, Entry{line.Name, line.Paint})
	}
	if x.empty() || y.empty() {
		return nil
	}
	if log = log && y.low > 0 && y.high/y.low > 20; log {
		l.Up += " (log scale)"
	} else {
		y = y.widened()
	}
	if x.low == x.high {
		x = x.widened()
	}
	if len(lines) == 1 && lines[0].Name == "" {
		entries = nil
	}
	f := newFrame(l, entries, x, y, log)
	for _, line := range lines {
		f.band(line)
	}
	for _, line := range lines {
		f.Path(f.pieces(line, func(s Sample) float64 { return s.Y }), line.Paint)
	}
	f.zones(func(from, to float64) string { return told(l.Across, lines, from, to) })
	return f.Canvas
}

// pieces returns the unbroken parts of a line in pixels.
func (f frame) pieces(line Line, value func(Sample) float64) [][]Point {
	var pieces [][]Point
	broken := true
	for _, s := range line.Samples {
		if !finite(s.Y) {
			broken = true
			continue
		}
		if broken {
			pieces = append(pieces, nil)
		}
		broken = false
		at := &pieces[len(pieces)-1]
		*at = append(*at, Point{f.across.At(s.X), f.up.At(value(s))})
	}
	return pieces
}

func (f frame) band(line Line) {
	low, high := f.pieces(line, func(s Sample) float64 { return s.Low }), f.pieces(line, func(s Sample) float64 { return s.High })
	for i := range low {
		if len(low[i]) < 2 {
			f.Path([][]Point{{low[i][0], high[i][0]}}, Paint{Stroke: line.Paint.Stroke, Opacity: 0.2})
			continue
		}
		round := high[i]
		for k := len(low[i]) - 1; k >= 0; k-- {
			round = append(round, low[i][k])
		}
		f.Path([][]Point{round}, Paint{Fill: line.Paint.Stroke, Opacity: 0.2})
	}
}

// told says what the lines are in a stripe of the panel.
func told(across string, lines []Line, from, to float64) string {
	var b strings.Builder
	for _, line := range lines {
		var sum float64
		n, e := 0, nothing()
		for _, s := range line.Samples {
			if s.X >= from && s.X <= to && finite(s.Y) {
				sum, n = sum+s.Y, n+1
				e.add(s.Low, s.High)
			}
		}
		if n == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s %s", line.Name, Number(sum/float64(n)))
		if e.low < e.high {
			fmt.Fprintf(&b, " (%s to %s)", Number(e.low), Number(e.high))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s to %s", across, Number(from), Number(to)) + b.String()
}
