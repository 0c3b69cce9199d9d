package plot

import (
	"math"
	"strconv"
)

// Shades draws a square field of cells, each as dark as its share of its row;
// the counts themselves are in the cells where they can be read, and told by
// the pointer everywhere.
func Shades(l Labels, names []string, counts [][]int, colour string) *Canvas {
	n := float64(len(names))
	size := math.Max(7, math.Min(34, math.Floor(560/n)))
	named := size >= 14 // names fit beside the cells
	room := 30.0
	if named {
		for _, name := range names {
			room = max(room, TextWidth(Clip(name, 16))+26)
		}
	}
	c := NewCanvas(max(room+n*size+10, 30+TextWidth(l.Title)), 24+room+n*size+10)
	left, top := room, 24+room
	c.Text(0, 14, l.Title, Style{Bold: true})
	c.Text(left+n*size/2, 36, l.Across, Style{Anchor: "middle"})
	c.Text(12, top+n*size/2, l.Up, Style{Anchor: "middle", Turned: true})
	for i, row := range counts {
		if named {
			at := (float64(i)+0.5)*size + 4
			c.Text(left-5, top+at, Clip(names[i], 16), Style{Anchor: "end"})
			c.Text(left+at, top-5, Clip(names[i], 16), Style{Turned: true})
		}
		c.shadeRow(names, row, i, left, top, size, colour)
	}
	c.Rect(left, top, n*size, n*size, Paint{Stroke: Ink, Opacity: 0.4})
	return c
}

func (c *Canvas) shadeRow(names []string, row []int, i int, left, top, size float64, colour string) {
	sum := 0
	for _, v := range row {
		sum += v
	}
	for k, v := range row {
		if v == 0 {
			continue
		}
		share := float64(v) / float64(sum)
		x, y := left+float64(k)*size, top+float64(i)*size
		c.Rect(x, y, size, size, Paint{Fill: colour, Opacity: max(0.04, share),
			Title: names[i] + " taken for " + names[k] + ": " + strconv.Itoa(v) + " of " + strconv.Itoa(sum)})
		if text := strconv.Itoa(v); size >= 20 && TextWidth(text) < size*1.2 {
			c.Text(x+size/2, y+size/2+3, text, Style{Anchor: "middle", Size: 9})
		}
	}
}
