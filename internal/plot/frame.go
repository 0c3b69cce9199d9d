package plot

// The measures of a panel with an axis across and one up, in pixels.
const (
	frameWidth  = 760
	frameHeight = 190
	frameLeft   = 70 // at least
	frameUnit   = 20 // of it, for what the axis up is of
	frameRight  = 16
	frameTop    = 24 // the title
	frameBottom = 42 // numbers and what they are
)

// Labels are the words of a panel; those of the axes say the unit.
type Labels struct{ Title, Across, Up string }

// frame is a panel with its axes drawn.
type frame struct {
	*Canvas
	across, up Scale
}

// newFrame draws title, legend and axes for values in x and y.
func newFrame(l Labels, entries []Entry, x, y extent, log bool) frame {
	top, left := float64(frameTop), float64(frameLeft)
	for _, text := range labels(Scale{Low: y.low, High: y.high, Log: log}.Ticks(5)) {
		left = max(left, frameUnit+TextWidth(text)+6)
	}
	if len(entries) > 0 {
		top += legend(nil, entries, left, 0, frameWidth-left-frameRight)
	}
	f := frame{
		Canvas: NewCanvas(frameWidth, top+8+frameHeight+frameBottom),
		across: Scale{Low: x.low, High: x.high, From: left, To: frameWidth - frameRight},
		up:     Scale{Low: y.low, High: y.high, From: top + 8 + frameHeight, To: top + 8, Log: log},
	}
	f.Text(left, 14, l.Title, Style{Bold: true})
	if len(entries) > 0 {
		legend(f.Canvas, entries, left, frameTop, frameWidth-left-frameRight)
	}
	f.axes(l)
	return f
}

func (f frame) axes(l Labels) {
	ticks := f.up.Ticks(5)
	for i, text := range labels(ticks) {
		y := f.up.At(ticks[i])
		f.Line(f.across.From, y, f.across.To, y, Grid)
		f.Text(f.across.From-6, y+4, text, Style{Anchor: "end"})
	}
	ticks = f.across.Ticks(7)
	for i, text := range labels(ticks) {
		x := f.across.At(ticks[i])
		f.Line(x, f.up.From, x, f.up.From+4, Paint{Stroke: Ink, Opacity: 0.5})
		if x+TextWidth(text)/2 <= frameWidth {
			f.Text(x, f.up.From+16, text, Style{Anchor: "middle"})
		}
	}
	f.Line(f.across.From, f.up.From, f.across.To, f.up.From, Paint{Stroke: Ink, Opacity: 0.5})
	f.Text((f.across.From+f.across.To)/2, f.up.From+34, l.Across, Style{Anchor: "middle"})
	f.Text(12, (f.up.From+f.up.To)/2, l.Up, Style{Anchor: "middle", Turned: true})
}

// zones cuts the panel into upright stripes and gives each what the pointer is
// told there; say gets the values at the stripe's edges.
func (f frame) zones(say func(from, to float64) string) {
	const n = 60
	width := (f.across.To - f.across.From) / n
	for i := range n {
		value := func(k int) float64 { return f.across.Low + float64(k)/n*(f.across.High-f.across.Low) }
		if text := say(value(i), value(i+1)); text != "" {
			f.Rect(f.across.From+float64(i)*width, f.up.To, width, f.up.From-f.up.To, Paint{Title: text})
		}
	}
}
