package plot

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

const hostile = `<script>"&'` + "\x01\xff"

// box is the room that a text takes.
type box struct {
	text                     string
	left, top, right, bottom float64
}

// texts reads a picture as XML, and fails if it is none.
func texts(t *testing.T, svg string) (boxes []box, width, height float64) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var open map[string]string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return boxes, width, height
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch v := token.(type) {
		case xml.StartElement:
			if v.Name.Local == "script" {
				t.Errorf("a script: %v", v)
			}
			open = map[string]string{"element": v.Name.Local}
			for _, a := range v.Attr {
				open[a.Name.Local] = a.Value
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s of %s is %q", a.Name.Local, v.Name.Local, a.Value)
				}
			}
			if v.Name.Local == "svg" {
				width, height = float(open["width"]), float(open["height"])
			}
		case xml.CharData:
			if open["element"] == "text" {
				boxes = append(boxes, boxOf(open, string(v)))
			}
		case xml.EndElement:
			open = nil
		}
	}
}

func float(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64)
	return v
}

func boxOf(a map[string]string, text string) box {
	x, y, wide := float(a["x"]), float(a["y"]), 6*float64(len([]rune(text)))
	from := 0.0
	switch a["text-anchor"] {
	case "middle":
		from = -wide / 2
	case "end":
		from = -wide
	}
	if strings.HasPrefix(a["transform"], "rotate(-90") {
		return box{text, x - 9, y - from - wide, x + 2, y - from}
	}
	return box{text, x + from, y - 9, x + from + wide, y + 2}
}

// legible fails if texts run into each other or out of the picture.
func legible(t *testing.T, svg string) {
	t.Helper()
	boxes, width, height := texts(t, svg)
	if len(boxes) == 0 {
		t.Error("no text")
	}
	for i, a := range boxes {
		if a.left < 0 || a.top < 0 || a.right > width || a.bottom > height {
			t.Errorf("%q leaves the picture of %v × %v: %+v", a.text, width, height, a)
		}
		for _, b := range boxes[:i] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Errorf("%q runs into %q: %+v %+v", a.text, b.text, a, b)
			}
		}
	}
}

func ramp(n int, scale float64) []Sample {
	var list []Sample
	for i := range n {
		v := scale * float64(i+1)
		list = append(list, Sample{float64(1 + 1000*i), v, v / 2, 2 * v})
	}
	return list
}

func TestLegible(t *testing.T) {
	long := strings.Repeat("long ", 20)
	var lines []Line
	for i := range 9 {
		lines = append(lines, Line{fmt.Sprint(hostile, i, long), Series(i), ramp(700, 1e-5)})
	}
	var labels []string
	var dots, bars [][]Mark
	var counts [][]int
	for i := range 14 {
		labels = append(labels, fmt.Sprint(hostile, i, long))
		dots = append(dots, []Mark{{Value: float64(i) / 14}, {Value: math.NaN()}, {Kind: Tick, Value: 0.5}})
		bars = append(bars, []Mark{{Kind: Bar, Value: math.Pow(2, float64(i))}})
		counts = append(counts, make([]int, 14))
		counts[i][i], counts[i][0] = 140, 7
	}
	axes := Labels{"title " + hostile, "step", "seconds a step"}
	for name, c := range map[string]*Canvas{
		"lines": Lines(axes, lines, false), "log": Lines(axes, lines, true),
		"one":    Lines(axes, []Line{{"", Series(0), ramp(1, 1e9)}}, false),
		"small":  Lines(axes, []Line{{"", Series(0), []Sample{{0, 1e-9, 1e-9, 1e-9}, {1e6, -1e-9, -1e-9, 1e-9}}}}, true),
		"layers": Layers(axes, []string{"a", hostile, "c"}, []Column{{1, []float64{1, 2, 3}}, {2, []float64{0, 0, 0}}, {1e6, []float64{3, 2, 1}}}),
		"rows":   Rows(labels, []Panel{{Title: "train", Log: true, Marks: bars}, {Title: "recall", High: 1, Marks: dots}}, []Entry{{hostile, Series(0)}}, 18),
		"same":   Rows(labels[:2], []Panel{{Title: "x", Marks: [][]Mark{{{Value: 3}}, {{Value: 3}}}}}, nil, 26),
		"narrow": Rows(labels[:2], []Panel{{Title: "x", Marks: [][]Mark{{{Value: 0.123451}}, {{Value: 0.123459}}}}}, nil, 26),
		"close":  Rows(labels[:2], []Panel{{Title: "x", Log: true, Marks: [][]Mark{{{Value: 1510}}, {{Value: 9e5}}}}}, nil, 26),
		"late":   Lines(axes, []Line{{"", Series(0), []Sample{{1e6, 123456.7801, 123456.78, 123456.78}, {1e6 + 30, 123456.7809, 123456.78, 123456.78}}}}, false),
		"none":   Rows(labels[:1], []Panel{{Title: "x", Marks: [][]Mark{{{Value: math.NaN()}}}}}, nil, 26),
		"shades": Shades(Labels{"confusion", "decided for", "true"}, labels, counts, "#0072b2"),
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if _, err := c.WriteTo(&b); err != nil {
				t.Fatal(err)
			}
			legible(t, b.String())
			texts(t, c.Inline(hostile))
		})
	}
}

// TestLabels: ticks have as many digits as tell them apart.
func TestLabels(t *testing.T) {
	for _, c := range []struct{ low, high float64 }{{0, 1}, {0.98001, 0.98009}, {1e6, 1e6 + 10}, {-3e-9, 2e-9}, {1234567, 99999999}, {0.3, 0.7}} {
		ticks := Scale{Low: c.low, High: c.high}.Ticks(5)
		for i, text := range labels(ticks) {
			if v := float(text); math.Abs(v-ticks[i]) > 1e-3*(ticks[1]-ticks[0]) || len(text) > 10 {
				t.Errorf("%v to %v: %v is labelled %q", c.low, c.high, ticks[i], text)
			}
		}
	}
}

// TestNothing: no values are no picture, and no panic.
func TestNothing(t *testing.T) {
	gap := Line{"a", Series(0), []Sample{{1, math.NaN(), math.NaN(), math.NaN()}}}
	if Lines(Labels{}, []Line{gap, {}}, true) != nil || Layers(Labels{}, []string{"a"}, nil) != nil {
		t.Error("a picture of nothing")
	}
}

// TestGaps: a value that is missing breaks the line, and the band with it.
func TestGaps(t *testing.T) {
	samples := []Sample{{1, 1, 1, 1}, {2, 2, 2, 2}, {3, math.NaN(), 0, 0}, {4, 4, 4, 4}}
	svg := Lines(Labels{}, []Line{{"a", Paint{Stroke: "#123456"}, samples}}, false).Inline("")
	_, d, _ := strings.Cut(svg, `stroke="#123456" opacity="0.20"`) // the band of the last piece
	_, d, _ = strings.Cut(d, `<path d="`)
	d, _, _ = strings.Cut(d, `"`)
	if strings.Count(d, "M") != 2 || strings.Count(d, "L") != 1 || !strings.HasSuffix(d, "h0") {
		t.Errorf("the line is %q", d)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		s    Scale
		want string
	}{
		{Scale{Low: 0, High: 1}, "[0 0.2 0.4 0.6 0.8 1]"},
		{Scale{Low: 1, High: 1320}, "[500 1000]"},
		{Scale{Low: 3, High: 3}, "[3]"},
		{Scale{Low: 0.01, High: 3, Log: true}, "[0.01 0.02 0.05 0.1 0.2 0.5 1 2]"},
		{Scale{Low: 1e-9, High: 1e9, Log: true}, "[1e-09 1e-06 0.001 1 1000 1000000 1e+09]"},
	} {
		var list []string
		for _, v := range c.s.Ticks(5) {
			list = append(list, Number(v))
		}
		if got := fmt.Sprint(list); got != c.want {
			t.Errorf("%+v: %s, expected %s", c.s, got, c.want)
		}
	}
}
