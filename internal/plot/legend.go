package plot

// Entry is a name in a legend.
type Entry struct {
	Name  string
	Paint Paint
}

const (
	legendRow = 18
	swatch    = 22
)

// legend writes names from left to right, in as many rows as they need, and
// returns the height that they take. Without a canvas it only measures.
func legend(c *Canvas, entries []Entry, x, y, width float64) float64 {
	at, row := x, 0.0
	for _, e := range entries {
		name := Clip(e.Name, 40)
		wide := swatch + 6 + TextWidth(name) + 14
		if at > x && at+wide > x+width {
			at, row = x, row+1
		}
		if c != nil {
			c.sample(e.Paint, at, y+row*legendRow)
			c.Text(at+swatch+6, y+row*legendRow+12, name, Style{})
		}
		at += wide
	}
	return (row + 1) * legendRow
}

// sample draws what a line or a layer looks like.
func (c *Canvas) sample(p Paint, x, y float64) {
	if p.Fill != "" {
		c.Rect(x, y+2, 12, 12, p)
		return
	}
	c.Line(x, y+8, x+swatch, y+8, p)
}
