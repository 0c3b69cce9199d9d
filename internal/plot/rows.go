package plot

import "math"

// Kind is how a mark looks.
type Kind int

// The kinds of marks.
const (
	Dot  Kind = iota // at the value
	Bar              // from the left edge to the value
	Tick             // an upright line at the value
)

// Mark is one value in a row.
type Mark struct {
	Kind  Kind
	Value float64 // NaN: nothing is drawn
	Paint Paint
}

// Panel is a column of a picture of rows.
type Panel struct {
	Title     string
	Log       bool    // if the values allow it
	Low, High float64 // of the axis; equal: those of the values
	Marks     [][]Mark
}

// The measures of a picture of rows, in pixels.
const (
	rowsPanel = 330
	rowsGap   = 40
	rowsTop   = 46
	rowsName  = 30 // letters
)

// Rows draws a row of marks for each label, in panels side by side; height is
// that of a row.
func Rows(labels []string, panels []Panel, entries []Entry, height float64) *Canvas {
	room := 60.0
	for _, name := range labels {
		room = max(room, TextWidth(Clip(name, rowsName))+20)
	}
	width := room + float64(len(panels))*(rowsPanel+rowsGap)
	top := float64(rowsTop)
	if len(entries) > 0 {
		top += legend(nil, entries, 0, 0, width-room-rowsGap)
	}
	c := NewCanvas(width, top+float64(len(labels))*height+30)
	if len(entries) > 0 {
		legend(c, entries, room, 0, width-room-rowsGap)
	}
	at := func(row int) float64 { return top + (float64(row)+0.5)*height }
	for i, name := range labels {
		c.Text(room-10, at(i)+4, Clip(name, rowsName), Style{Anchor: "end"})
	}
	for i, p := range panels {
		c.panel(p, room+float64(i)*(rowsPanel+rowsGap), top, top+float64(len(labels))*height, at)
	}
	return c
}

func (c *Canvas) panel(p Panel, left, top, bottom float64, at func(row int) float64) {
	c.Text(left, top-28, p.Title, Style{Bold: true})
	s := p.scale(left)
	if s.Low > s.High {
		return // no values
	}
	right := math.Inf(-1)
	ticks := s.Ticks(5)
	for i, text := range labels(ticks) {
		x := s.At(ticks[i])
		c.Line(x, top-8, x, bottom, Grid)
		if half := TextWidth(text) / 2; x-half > right+6 {
			c.Text(x, bottom+18, text, Style{Anchor: "middle"})
			right = x + half
		}
	}
	for row, marks := range p.Marks {
		for _, m := range marks {
			c.mark(m, s, at(row))
		}
	}
}

// scale is that of a panel with its left edge at a pixel.
func (p Panel) scale(left float64) Scale {
	s := Scale{Low: p.Low, High: p.High, From: left, To: left + rowsPanel, Log: p.Log}
	if s.Low != s.High {
		return s
	}
	e := nothing()
	for _, marks := range p.Marks {
		for _, m := range marks {
			e.add(m.Value)
		}
	}
	s.Log = p.Log && e.low > 0
	switch {
	case e.empty():
	case s.Log:
		e.low, e.high = e.low/1.5, e.high*1.1
	default:
		e = e.widened()
	}
	s.Low, s.High = e.low, e.high
	return s
}

func (c *Canvas) mark(m Mark, s Scale, y float64) {
	if math.IsNaN(m.Value) || s.Log && m.Value <= 0 {
		return
	}
	x := s.At(m.Value)
	switch m.Kind {
	case Bar:
		c.Rect(s.From, y-4, max(1, x-s.From), 8, m.Paint)
	case Tick:
		c.Line(x, y-9, x, y+9, m.Paint)
	default:
		c.Circle(x, y, 4, m.Paint)
	}
}
