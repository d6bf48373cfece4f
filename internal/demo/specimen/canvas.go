package specimen

import (
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// point is a place on a canvas, in pixels, or in the units of a frame that is laid over it.
type point struct{ x, y float64 }

// canvas draws smooth shapes and letters.
type canvas struct {
	img    *image.RGBA
	raster vector.Rasterizer
	faces  map[string]font.Face
	place  func(point) point // from the units of what is drawn to pixels
}

func newCanvas(width, height int) *canvas {
	return &canvas{img: image.NewRGBA(image.Rect(0, 0, width, height)), faces: map[string]font.Face{}, place: func(p point) point { return p }}
}

// within draws in the units of a frame: its left upper corner is 0, 0 and its width is 100. turn is in radians, about its middle.
func (c *canvas) within(frame image.Rectangle, turn float64, paint func()) {
	before := c.place
	scale := float64(frame.Dx()) / 100
	middle := point{float64(frame.Min.X+frame.Max.X) / 2, float64(frame.Min.Y+frame.Max.Y) / 2}
	sin, cos := math.Sincos(turn)
	c.place = func(p point) point {
		x, y := float64(frame.Min.X)+p.x*scale-middle.x, float64(frame.Min.Y)+p.y*scale-middle.y
		return point{middle.x + x*cos - y*sin, middle.y + x*sin + y*cos}
	}
	paint()
	c.place = before
}

// shape is an outline of straight lines; curves are made of short ones.
type shape []point

// curve continues from the last point to end, by a cubic Bézier.
func (s shape) curve(a, b, end point) shape {
	start := s[len(s)-1]
	const steps = 14
	for n := 1; n <= steps; n++ {
		t := float64(n) / steps
		u := 1 - t
		s = append(s, point{
			u*u*u*start.x + 3*u*u*t*a.x + 3*u*t*t*b.x + t*t*t*end.x,
			u*u*u*start.y + 3*u*u*t*a.y + 3*u*t*t*b.y + t*t*t*end.y,
		})
	}
	return s
}

func (s shape) line(ends ...point) shape { return append(s, ends...) }

// mirrored is the shape with its left and right exchanged about x.
func (s shape) mirrored(x float64) shape {
	m := make(shape, len(s))
	for i, p := range s {
		m[i] = point{2*x - p.x, p.y}
	}
	return m
}

func oval(x, y, rx, ry float64) shape {
	const steps = 40
	s := make(shape, steps)
	for i := range s {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / steps)
		s[i] = point{x + rx*cos, y + ry*sin}
	}
	return s
}

func box(x, y, width, height float64) shape {
	return shape{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}
}

// fill paints the inside of a shape.
func (c *canvas) fill(s shape, ink color.Color) {
	if len(s) < 3 {
		return
	}
	placed := make(shape, len(s))
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for i, p := range s {
		p = c.place(p)
		placed[i] = p
		low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
	}
	area := image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x))+1, int(math.Ceil(high.y))+1)
	if area.Intersect(c.img.Bounds()).Empty() {
		return
	}
	c.raster.Reset(area.Dx(), area.Dy())
	for i, p := range placed {
		x, y := float32(p.x-float64(area.Min.X)), float32(p.y-float64(area.Min.Y))
		if i == 0 {
			c.raster.MoveTo(x, y)
		} else {
			c.raster.LineTo(x, y)
		}
	}
	c.raster.ClosePath()
	mask := image.NewAlpha(image.Rect(0, 0, area.Dx(), area.Dy()))
	c.raster.DrawOp = draw.Src
	c.raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	draw.DrawMask(c.img, area, image.NewUniform(ink), image.Point{}, mask, image.Point{}, draw.Over)
}

// stroke draws along a line, as wide as width at its middle and at its ends by taper of it.
func (c *canvas) stroke(s shape, width, taper float64, ink color.Color) {
	if len(s) < 2 {
		return
	}
	outline := make(shape, 0, 2*len(s))
	back := make(shape, 0, len(s))
	for i, p := range s {
		from, to := s[max(i-1, 0)], s[min(i+1, len(s)-1)]
		dx, dy := to.x-from.x, to.y-from.y
		length := math.Hypot(dx, dy)
		if length == 0 {
			continue
		}
		t := float64(i) / float64(len(s)-1)
		half := width / 2 * (taper + (1-taper)*math.Sin(math.Pi*t))
		nx, ny := -dy/length*half, dx/length*half
		outline = append(outline, point{p.x + nx, p.y + ny})
		back = append(back, point{p.x - nx, p.y - ny})
	}
	for i := len(back) - 1; i >= 0; i-- {
		outline = append(outline, back[i])
	}
	c.fill(outline, ink)
}

// ocrB is the type of machine-readable zones (ISO 1073-2): ocrb/README.md states where it is from, and that anybody may use it.
//
//go:embed ocrb/OCRB.ttf
var ocrB []byte

// fonts are the Go project's, which have the letters of all Latin scripts, and that of machine-readable zones.
var fonts = map[string]func() *opentype.Font{
	"regular": sync.OnceValue(func() *opentype.Font { return parsed(goregular.TTF) }),
	"medium":  sync.OnceValue(func() *opentype.Font { return parsed(gomedium.TTF) }),
	"bold":    sync.OnceValue(func() *opentype.Font { return parsed(gobold.TTF) }),
	"zone":    sync.OnceValue(func() *opentype.Font { return parsed(ocrB) }),
}

func parsed(ttf []byte) *opentype.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic("specimen: " + err.Error()) // the font is part of the program
	}
	return f
}

func (c *canvas) face(name string, size float64) font.Face {
	key := fmt.Sprintf("%s %.1f", name, size)
	if c.faces[key] == nil {
		face, err := opentype.NewFace(fonts[name](), &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			panic("specimen: " + err.Error())
		}
		c.faces[key] = face
	}
	return c.faces[key]
}

// text writes with its base line at y; spacing is added after each letter, in pixels.
func (c *canvas) text(x, y float64, text, name string, size, spacing float64, ink color.Color) {
	drawer := font.Drawer{Dst: c.img, Src: image.NewUniform(ink), Face: c.face(name, size), Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}}
	for _, r := range text {
		drawer.DrawString(string(r))
		drawer.Dot.X += fixed.Int26_6(spacing * 64)
	}
}

// widthOf is how wide a text is, in pixels.
func (c *canvas) widthOf(text, name string, size float64) float64 {
	return float64(font.MeasureString(c.face(name, size), text)) / 64
}

// zone writes the lines of a machine-readable zone: their letters are set in columns of one width, as ICAO 9303 has them. x and y
// are where the first begins; step is the width of a column and leading the distance of two lines, in pixels.
func (c *canvas) zone(x, y float64, lines string, step, leading float64, ink color.Color) {
	const reference = 100
	size := reference * step / c.widthOf("0", "zone", reference)
	for i, line := range strings.Split(lines, "\n") {
		for j, r := range line {
			c.text(x+float64(j)*step, y+float64(i)*leading, string(r), "zone", size, 0, ink)
		}
	}
}

// shade mixes a colour with black (below 0) or white (above), by part of 1.
func shade(c color.RGBA, part float64) color.RGBA {
	to := 255.0
	if part < 0 {
		to, part = 0, -part
	}
	mix := func(v uint8) uint8 { return uint8(float64(v) + (to-float64(v))*part) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

// see lets what is below a colour shine through: opacity from 0 to 1.
func see(c color.RGBA, opacity float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(255 * opacity)}
}

// gradient fills a rectangle from one colour at the top to another at the bottom.
func (c *canvas) gradient(r image.Rectangle, top, bottom color.RGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		t := float64(y-r.Min.Y) / float64(max(1, r.Dy()-1))
		mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*t) }
		ink := color.RGBA{mix(top.R, bottom.R), mix(top.G, bottom.G), mix(top.B, bottom.B), 255}
		draw.Draw(c.img, image.Rect(r.Min.X, y, r.Max.X, y+1), image.NewUniform(ink), image.Point{}, draw.Src)
	}
}
