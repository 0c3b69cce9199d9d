package dataset

import (
	"testing"

	"pgregory.net/rapid"
)

func square(x0, y0, x1, y1 int32) []vertex {
	return []vertex{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

func backwards(vs []vertex) []vertex {
	out := make([]vertex, len(vs))
	for i, v := range vs {
		out[len(vs)-1-i] = v
	}
	return out
}

// Rectangles have an exact coverage.
func TestRasterRectangles(t *testing.T) {
	const px = unitPixel
	for name, c := range map[string]struct {
		polygons [][]vertex
		want     map[int]int32 // pixel -> coverage; others 0
	}{
		"one pixel":      {[][]vertex{square(3*px, 2*px, 4*px, 3*px)}, map[int]int32{2*side + 3: fullCover}},
		"half a pixel":   {[][]vertex{square(3*px, 2*px, 3*px+px/2, 3*px)}, map[int]int32{2*side + 3: fullCover / 2}},
		"a lower half":   {[][]vertex{square(3*px, 2*px+px/2, 4*px, 3*px)}, map[int]int32{2*side + 3: fullCover / 2}},
		"two pixels":     {[][]vertex{square(3*px+px/4, 0, 4*px+px/4, px)}, map[int]int32{3: fullCover * 3 / 4, 4: fullCover / 4}},
		"backwards":      {[][]vertex{backwards(square(0, 0, px, px))}, map[int]int32{0: fullCover}},
		"twice the same": {[][]vertex{square(0, 0, px, px), square(0, 0, px, px)}, map[int]int32{0: fullCover}},
		"a hole":         {[][]vertex{square(0, 0, 2*px, px), backwards(square(px, 0, 2*px, px))}, map[int]int32{0: fullCover}},
		"over the edge":  {[][]vertex{square(-9*px, -9*px, px, px)}, map[int]int32{0: fullCover}},
		"outside":        {[][]vertex{square(-9*px, -9*px, -px, -px), square(29*px, 3*px, 40*px, 9*px), square(3*px, 29*px, 4*px, 40*px)}, nil},
		"a line":         {[][]vertex{{{0, 0}, {5 * px, 5 * px}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var r raster
			for _, p := range c.polygons {
				r.polygon(p)
			}
			r.fill()
			for i, got := range r.cover {
				if got != c.want[i] {
					t.Errorf("pixel %d: coverage %d, want %d", i, got, c.want[i])
				}
			}
		})
	}
}

// inside is the definition: the winding number of the polygons around a point
// is not 0. It counts edges that a ray to the left crosses.
func inside(polygons [][]vertex, x, y float64) bool {
	winding := 0
	for _, vs := range polygons {
		for i, a := range vs {
			b := vs[(i+1)%len(vs)]
			ax, ay, bx, by := float64(a.x), float64(a.y), float64(b.x), float64(b.y)
			if (ay <= y) != (by <= y) && ax+(y-ay)*(bx-ax)/(by-ay) < x {
				if ay < by {
					winding++
				} else {
					winding--
				}
			}
		}
	}
	return winding != 0
}

// The raster agrees with counting dense points one by one.
func TestRasterAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int32Range(-4*unitPixel, 32*unitPixel)
		corner := rapid.Custom(func(t *rapid.T) vertex { return vertex{at.Draw(t, "x"), at.Draw(t, "y")} })
		polygons := rapid.SliceOfN(rapid.SliceOfN(corner, 3, 7), 1, 3).Draw(t, "polygons")
		var r raster
		for _, p := range polygons {
			r.polygon(p)
		}
		r.fill()
		const columns = 64
		for _, pixel := range []int{0, 200, 391, 405, 783} {
			n := 0
			for l := range rowLines {
				y := float64(pixel/side*unitPixel + l*unitLine + unitLine/2)
				for c := range columns {
					x := float64(pixel%side*unitPixel) + (float64(c)+0.5)*unitPixel/columns
					if inside(polygons, x, y) {
						n++
					}
				}
			}
			got, want := float64(r.cover[pixel])/fullCover, float64(n)/(rowLines*columns)
			// Each crossing of a scan line can move a boundary past one point.
			if d := got - want; d > 0.2 || d < -0.2 {
				t.Fatalf("pixel %d: coverage %.3f, counted %.3f", pixel, got, want)
			}
		}
	})
}

// A used raster draws as a new one does.
func TestRasterIsReused(t *testing.T) {
	var used, fresh raster
	used.polygon(square(0, 0, 20*unitPixel, 20*unitPixel))
	used.fill()
	used.clear()
	for _, r := range []*raster{&used, &fresh} {
		r.polygon([]vertex{{0, 0}, {25000, 3000}, {9000, 28000}})
		r.fill()
	}
	if used.cover != fresh.cover {
		t.Error("a used raster draws something else")
	}
}

func TestBell(t *testing.T) {
	const n = 100_000
	var sum, square float64
	for i := range uint64(n) {
		x := float64(bell(mix(1, i, 0))) / 65536
		sum += x
		square += x * x
	}
	if mean := sum / n; mean > 0.02 || mean < -0.02 {
		t.Errorf("mean %g", mean)
	}
	if v := square / n; v > 1.03 || v < 0.97 {
		t.Errorf("variance %g", v)
	}
}
