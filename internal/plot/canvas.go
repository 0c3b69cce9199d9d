package plot

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Ink is the colour of the text around the picture, black if it stands alone.
const Ink = "currentColor"

// Grid is the paint of lines that only guide the eye.
var Grid = Paint{Stroke: Ink, Opacity: 0.15}

// palette are colours that the colour-blind can tell apart, on white as on
// black (Okabe and Ito, 2008, without black and yellow).
var palette = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}

// Series returns the paint of the i-th of some lines: a colour, and a dash
// where the colours have come round.
func Series(i int) Paint {
	dashes := []string{"", "7 3", "2 3"}
	return Paint{Stroke: palette[i%len(palette)], Width: 1.5, Dash: dashes[i/len(palette)%len(dashes)]}
}

// Paint says how a shape looks.
type Paint struct {
	Fill    string  // "": none
	Stroke  string  // "": none
	Width   float64 // of the stroke; 0: 1
	Dash    string  // of the stroke; "": none
	Opacity float64 // 0: 1
	Title   string  // what the pointer is told; "": nothing
}

// Style is how a text looks. The zero value is plain and begins at its place.
type Style struct {
	Anchor string // start, middle or end
	Bold   bool
	Size   float64 // 0: 12 pixels
	Turned bool    // upward, by a quarter
	Fill   string  // "": Ink
}

// Canvas is a picture under way. All lengths are pixels.
type Canvas struct {
	body          strings.Builder
	width, height float64
}

// NewCanvas returns an empty picture.
func NewCanvas(width, height float64) *Canvas { return &Canvas{width: width, height: height} }

// Rect draws a rectangle.
func (c *Canvas) Rect(x, y, width, height float64, p Paint) {
	c.shape(p, `rect x="%s" y="%s" width="%s" height="%s"`, number(x), number(y), number(width), number(height))
}

// Line draws a straight line.
func (c *Canvas) Line(x1, y1, x2, y2 float64, p Paint) {
	c.shape(p, `line x1="%s" y1="%s" x2="%s" y2="%s"`, number(x1), number(y1), number(x2), number(y2))
}

// Circle draws a circle.
func (c *Canvas) Circle(x, y, radius float64, p Paint) {
	c.shape(p, `circle cx="%s" cy="%s" r="%s"`, number(x), number(y), number(radius))
}

// Path draws lines between points. A jump begins each piece that is not joined
// to the one before; a piece of one point is a dot.
func (c *Canvas) Path(pieces [][]Point, p Paint) {
	var d strings.Builder
	for _, piece := range pieces {
		for i, at := range piece {
			verb := "L"
			if i == 0 {
				verb = "M"
			}
			d.WriteString(verb + number(at.X) + " " + number(at.Y))
		}
		if len(piece) == 1 {
			d.WriteString("h0")
		}
	}
	if d.Len() > 0 {
		c.shape(p, `path d="%s" stroke-linecap="round" stroke-linejoin="round"`, d.String())
	}
}

// Text writes a line of text with its base line at y.
func (c *Canvas) Text(x, y float64, text string, s Style) {
	fill := s.Fill
	if fill == "" {
		fill = Ink
	}
	fmt.Fprintf(&c.body, `<text x="%s" y="%s" fill="%s"`, number(x), number(y), fill)
	if s.Anchor != "" {
		fmt.Fprintf(&c.body, ` text-anchor="%s"`, s.Anchor)
	}
	if s.Bold {
		c.body.WriteString(` font-weight="bold"`)
	}
	if s.Size != 0 {
		fmt.Fprintf(&c.body, ` font-size="%s"`, number(s.Size))
	}
	if s.Turned {
		fmt.Fprintf(&c.body, ` transform="rotate(-90 %s %s)"`, number(x), number(y))
	}
	fmt.Fprintf(&c.body, ">%s</text>\n", escape(text))
}

// shape writes one element: its name with its measures, then its paint.
func (c *Canvas) shape(p Paint, format string, measures ...any) {
	fmt.Fprintf(&c.body, "<"+format, measures...)
	fill := p.Fill
	if fill == "" {
		fill = "none"
	}
	fmt.Fprintf(&c.body, ` fill="%s"`, fill)
	if p.Stroke != "" {
		fmt.Fprintf(&c.body, ` stroke="%s"`, p.Stroke)
	}
	if p.Width != 0 {
		fmt.Fprintf(&c.body, ` stroke-width="%s"`, number(p.Width))
	}
	if p.Dash != "" {
		fmt.Fprintf(&c.body, ` stroke-dasharray="%s"`, p.Dash)
	}
	if p.Opacity != 0 {
		fmt.Fprintf(&c.body, ` opacity="%s"`, strconv.FormatFloat(p.Opacity, 'f', 2, 64))
	}
	if p.Title == "" {
		c.body.WriteString("/>\n")
		return
	}
	name, _, _ := strings.Cut(format, " ")
	if fill == "none" {
		c.body.WriteString(` pointer-events="all"`)
	}
	fmt.Fprintf(&c.body, "><title>%s</title></%s>\n", escape(p.Title), name)
}

// Inline returns the picture for a page of HTML, with what it shows in words
// for those who do not see it.
func (c *Canvas) Inline(label string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" font-family="sans-serif" font-size="12" role="img" aria-label="%s">`+"\n%s</svg>",
		number(c.width), number(c.height), number(c.width), number(c.height), escape(label), c.body.String())
}

// WriteTo writes the picture as a file of its own, on white.
func (c *Canvas) WriteTo(w io.Writer) (int64, error) {
	n, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" font-family="sans-serif" font-size="12">`+
		"\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n%s</svg>\n", number(c.width), number(c.height), number(c.width), number(c.height), c.body.String())
	return int64(n), err
}

// number writes a length to a tenth of a pixel.
func number(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}

// TextWidth returns about how wide a text of 12 pixels is: more than most
// fonts take.
func TextWidth(text string) float64 { return 7 * float64(utf8.RuneCountInString(text)) }

// Clip cuts a text to so many letters.
func Clip(text string, letters int) string {
	if r := []rune(text); len(r) > letters {
		return string(r[:letters-1]) + "…"
	}
	return text
}
