package dataset

import (
	"cmp"
	"slices"
)

// The raster works in fixed point, so that no processor can round it another
// way: 1 pixel is unitPixel units, and each row of pixels is crossed by
// rowLines scan lines, along which coverage is exact.
const (
	side      = 28
	unitPixel = 1 << 10
	lineBits  = 7
	unitLine  = 1 << lineBits
	rowLines  = unitPixel / unitLine
	fullCover = unitPixel * rowLines
)

// vertex is a place on the raster, in units.
type vertex struct{ x, y int32 }

// crossing is where an edge crosses a scan line, and which way it goes.
type crossing struct {
	x    int32
	turn int32 // +1 down, -1 up
}

// raster fills polygons by the nonzero winding rule. Its zero value is ready;
// it is reused to save memory.
type raster struct {
	crossings [side * rowLines][]crossing
	cover     [side * side]int32 // of each pixel, 0..fullCover
}

// clear makes the raster empty.
func (r *raster) clear() {
	for i := range r.crossings {
		r.crossings[i] = r.crossings[i][:0]
	}
	clear(r.cover[:])
}

// polygon adds a closed polygon.
func (r *raster) polygon(vs []vertex) {
	for i, a := range vs {
		b := vs[(i+1)%len(vs)]
		if a.y < b.y {
			r.edge(a, b, 1)
		} else if a.y > b.y {
			r.edge(b, a, -1)
		}
	}
}

// edge adds the edge from a down to b. A scan line on its lower end is the
// next edge's.
func (r *raster) edge(a, b vertex, turn int32) {
	first := max(lineBelow(a.y), 0)
	last := min(lineBelow(b.y), side*rowLines)
	dx, dy := int64(b.x-a.x), int64(b.y-a.y)
	for k := first; k < last; k++ {
		y := int64(k)*unitLine + unitLine/2
		x := int64(a.x) + (y-int64(a.y))*dx/dy
		r.crossings[k] = append(r.crossings[k], crossing{int32(x), turn})
	}
}

// lineBelow returns the first scan line at or below y. Lines lie in the middle
// of their units; the shift rounds down above the raster, too.
func lineBelow(y int32) int {
	return (int(y) - unitLine/2 + unitLine - 1) >> lineBits
}

// fill computes the coverage of all pixels.
func (r *raster) fill() {
	for k := range r.crossings {
		cs := r.crossings[k]
		slices.SortFunc(cs, func(a, b crossing) int {
			return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.turn, b.turn))
		})
		row := r.cover[k/rowLines*side:][:side]
		winding := int32(0)
		for i, c := range cs {
			if winding != 0 {
				span(row, cs[i-1].x, c.x)
			}
			winding += c.turn
		}
	}
}

// span adds the part of a scan line from x0 to x1 to a row of pixels.
func span(row []int32, x0, x1 int32) {
	x0, x1 = max(x0, 0), min(x1, side*unitPixel)
	for x0 < x1 {
		p := x0 / unitPixel
		end := min((p+1)*unitPixel, x1)
		row[p] += end - x0
		x0 = end
	}
}
