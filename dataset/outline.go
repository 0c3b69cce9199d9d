package dataset

import (
	"fmt"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// point is a place in font units (1 em = unitsPerEm), y down, relative to the
// middle of its glyph's box. nx and ny move it outwards: the vertex of a
// stroke that is made heavier by w on each side moves by w*(nx, ny).
type point struct{ x, y, nx, ny float64 }

// outline is a glyph as closed polygons, filled where the winding number is
// not zero.
type outline struct {
	contours [][]point
	cap      float64 // height of the font's capitals, in font units
}

// curveSteps is the number of chords that stand for one curve. At 28 pixels a
// glyph's curves are a few pixels long.
const curveSteps = 5

// loadFont returns the outlines of characters in a TrueType font. All
// arithmetic on them is plain float64 without fused operations, so they are
// the same everywhere.
func loadFont(ttf []byte, characters string) ([]outline, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, err
	}
	var buf sfnt.Buffer
	em := fixed.Int26_6(f.UnitsPerEm()) // coordinates come out as font units
	metrics, err := f.Metrics(&buf, em, font.HintingNone)
	if err != nil {
		return nil, err
	}
	out := make([]outline, 0, len(characters))
	for _, c := range characters {
		g, err := f.GlyphIndex(&buf, c)
		if err == nil && g == 0 {
			err = fmt.Errorf("no glyph")
		}
		if err != nil {
			return nil, fmt.Errorf("character %q: %w", c, err)
		}
		segments, err := f.LoadGlyph(&buf, g, em, nil)
		if err != nil {
			return nil, fmt.Errorf("character %q: %w", c, err)
		}
		o := outline{contours: flatten(segments), cap: float64(metrics.CapHeight)}
		o.centre()
		o.normals()
		out = append(out, o)
	}
	return out, nil
}

// flatten turns segments into polygons without repeated points.
func flatten(segments sfnt.Segments) [][]point {
	var all [][]point
	var now []point
	add := func(x, y float64) {
		if n := len(now); n == 0 || now[n-1].x != x || now[n-1].y != y {
			now = append(now, point{x: x, y: y})
		}
	}
	finish := func() {
		if n := len(now); n > 1 && now[0].x == now[n-1].x && now[0].y == now[n-1].y {
			now = now[:n-1]
		}
		if len(now) > 2 {
			all = append(all, now)
		}
		now = nil
	}
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			finish()
			add(float64(s.Args[0].X), float64(s.Args[0].Y))
		case sfnt.SegmentOpLineTo:
			add(float64(s.Args[0].X), float64(s.Args[0].Y))
		case sfnt.SegmentOpQuadTo:
			a := now[len(now)-1]
			for k := 1; k <= curveSteps; k++ {
				add(quad(a.x, s.Args[0].X, s.Args[1].X, k), quad(a.y, s.Args[0].Y, s.Args[1].Y, k))
			}
		default:
			panic("dataset: a cubic curve in a TrueType font")
		}
	}
	finish()
	return all
}

// quad is a quadratic Bézier curve at k/curveSteps.
func quad(a float64, b, c fixed.Int26_6, k int) float64 {
	t, u := float64(k), float64(curveSteps-k)
	sum := float64(u*u*a) + float64(2*t*u*float64(b)) + float64(t*t*float64(c))
	return sum / (curveSteps * curveSteps)
}

// centre moves the middle of the glyph's box to the origin.
func (o *outline) centre() {
	x0, y0 := math.Inf(1), math.Inf(1)
	x1, y1 := math.Inf(-1), math.Inf(-1)
	for _, c := range o.contours {
		for _, p := range c {
			x0, x1 = min(x0, p.x), max(x1, p.x)
			y0, y1 = min(y0, p.y), max(y1, p.y)
		}
	}
	for _, c := range o.contours {
		for i := range c {
			c[i].x -= (x0 + x1) / 2
			c[i].y -= (y0 + y1) / 2
		}
	}
}

// normals gives each vertex the mean of the outward normals of its two edges,
// long enough that both edges move by 1, but not more than 2 at a spike.
func (o *outline) normals() {
	area := 0.0 // its sign tells which side is outside
	for _, c := range o.contours {
		for i, p := range c {
			q := c[(i+1)%len(c)]
			area += float64(p.x*q.y) - float64(q.x*p.y)
		}
	}
	out := 1.0
	if area < 0 {
		out = -1
	}
	for _, c := range o.contours {
		for i := range c {
			before, after := c[(i+len(c)-1)%len(c)], c[(i+1)%len(c)]
			ax, ay := unit(c[i].x-before.x, c[i].y-before.y)
			bx, by := unit(after.x-c[i].x, after.y-c[i].y)
			// The sum of the unit normals n has length 2cos(a) where the edges
			// turn by 2a; n/cos(a)/2 = 2n/|n|² moves both edges by 1.
			nx, ny := ay+by, -(ax + bx)
			square := max(float64(nx*nx)+float64(ny*ny), 1)
			c[i].nx, c[i].ny = out*2*nx/square, out*2*ny/square
		}
	}
}

func unit(x, y float64) (float64, float64) {
	length := math.Sqrt(float64(x*x) + float64(y*y))
	return x / length, y / length
}
