package dataset

import (
	"math"

	"github.com/ballast-ml/ballast/internal/rng"
)

// The draws of one glyph, by index in its stream. Pixel p's noise is draw
// drawPixel+p.
const (
	drawFont = iota
	drawTurn
	drawShear
	drawSize
	drawAspect
	drawX
	drawY
	drawWeight
	drawInk
	drawPaper
	drawNoise
	drawPixel = 32
)

// How far glyphs vary. Distances are in pixels.
const (
	capPixels  = 17.0  // height of a capital of mean size
	sizeSpread = 0.2   // size factor, ±
	aspectSpan = 0.2   // width against height, ±
	turnSpan   = 0.12  // tangent of half the angle, ±: 14 degrees
	shearSpan  = 0.2   // ±
	shiftSpan  = 1.5   // ±
	weightSpan = 0.035 // stroke, in heights of a capital on each side, ±
	inkLeast   = 115   // contrast of ink and paper in greys, to 255
	paperMost  = 60    // grey of the paper, from 0
	noiseMost  = 45    // standard deviation of the noise, in greys, from 0
)

// pen draws glyphs. Its zero value is ready; it is reused to save memory.
type pen struct {
	raster raster
	vs     []vertex
}

// one draws a row of the built-in data.
func (g *glyphSet) one(p *pen, dst []uint8, row int32) {
	part, fonts := uint64(0), g.seen
	if isTest(row) {
		part = 1
	}
	if isUnseen(row) {
		fonts = g.unseen
	}
	draws := rng.New(g.seed, rng.Glyph, part, uint64(row))
	font := fonts[draws.IntN(drawFont, len(fonts))]
	p.shape(&font[int(row)%len(characters)], draws)
	p.ink(dst, draws)
}

// shape puts an outline on the raster under a random affine map, its strokes
// a little heavier or lighter. Rotation is by a rational parametrisation of
// the circle, so that no sine is needed.
func (p *pen) shape(o *outline, draws rng.Stream) {
	spread := func(i uint64, by float64) float64 { return float64((float64(2*draws.Float64(i)) - 1) * by) }
	scale := capPixels / o.cap * (1 + spread(drawSize, sizeSpread))
	wide := 1 + spread(drawAspect, aspectSpan)
	shear := spread(drawShear, shearSpan)
	half := spread(drawTurn, turnSpan)
	square := float64(half * half)
	cos, sin := (1-square)/(1+square), 2*half/(1+square)
	dx, dy := side/2+spread(drawX, shiftSpan), side/2+spread(drawY, shiftSpan)
	heavier := spread(drawWeight, weightSpan) * o.cap

	p.raster.clear()
	for _, contour := range o.contours {
		p.vs = p.vs[:0]
		for _, v := range contour {
			x := (v.x + float64(heavier*v.nx)) * scale
			y := (v.y + float64(heavier*v.ny)) * scale
			x = float64(x*wide) - float64(shear*y)
			p.vs = append(p.vs, vertex{
				units(float64(cos*x) - float64(sin*y) + dx),
				units(float64(sin*x) + float64(cos*y) + dy),
			})
		}
		p.raster.polygon(p.vs)
	}
	p.raster.fill()
}

// units rounds a place in pixels to the raster's fixed point.
func units(pixels float64) int32 { return int32(math.Floor(float64(pixels*unitPixel) + 0.5)) }

// ink writes the raster as grey levels: ink on paper, of a random contrast,
// with noise. It is integer arithmetic.
func (p *pen) ink(dst []uint8, draws rng.Stream) {
	paper := int64(draws.IntN(drawPaper, paperMost+1))
	contrast := int64(inkLeast + draws.IntN(drawInk, 255-inkLeast+1))
	noise := int64(draws.IntN(drawNoise, noiseMost+1))
	for i, c := range p.raster.cover {
		grey := paper + contrast*int64(c)/fullCover + noise*bell(draws.Uint64(drawPixel+uint64(i)))>>16
		dst[i] = uint8(max(0, min(grey, 255)))
	}
}

// bell turns 64 random bits into a number of mean 0 and standard deviation
// about 2^16, nearly normal: the sum of four uniform ones.
func bell(bits uint64) int64 {
	sum := int64(bits&0xffff) + int64(bits>>16&0xffff) + int64(bits>>32&0xffff) + int64(bits>>48)
	// Each term has variance 2^32/12, the sum of four a deviation of 2^16/√3;
	// 1774/1024 is √3.
	return (sum - 2*0xffff) * 1774 >> 10
}
