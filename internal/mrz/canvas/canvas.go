// Package canvas draws lines of characters of one width into pictures in shades of gray, and blurs and bends them: for the training of the reader and
// for its tests. No function carries it.
package canvas

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Typeface is one typeface.
type Typeface struct{ font *opentype.Font }

// ParseTypeface reads an OpenType or TrueType font.
func ParseTypeface(data []byte) (Typeface, error) {
	f, err := opentype.Parse(data)
	return Typeface{f}, err
}

// Gray is a picture in shades of gray, 0 to 255.
type Gray struct {
	W, H int
	Pix  []float64
}

// NewGray is a picture of one shade.
func NewGray(w, h int, shade float64) *Gray {
	g := &Gray{w, h, make([]float64, w*h)}
	for i := range g.Pix {
		g.Pix[i] = shade
	}
	return g
}

// Text writes a line in cells of one width: its baseline at y, its first cell at x, letters cap pixels high. ink is how dark it is, 0 to 1.
func (g *Gray) Text(t Typeface, text string, x, y, cap, pitch, ink float64) error {
	face, err := opentype.NewFace(t.font, &opentype.FaceOptions{Size: 1000, DPI: 72})
	if err != nil {
		return err
	}
	bounds, _, _ := face.GlyphBounds('H')
	size := cap / (float64(bounds.Max.Y-bounds.Min.Y) / 64 / 1000)
	if face, err = opentype.NewFace(t.font, &opentype.FaceOptions{Size: size, DPI: 72}); err != nil {
		return err
	}
	for i, r := range text {
		advance, _ := face.GlyphAdvance(r)
		left := x + (float64(i)+0.5)*pitch - float64(advance)/128
		dot := fixed.Point26_6{X: fixed.Int26_6(math.Round(left * 64)), Y: fixed.Int26_6(math.Round(y * 64))}
		at, mask, from, _, ok := face.Glyph(dot, r)
		if !ok {
			continue
		}
		g.stamp(at, mask, from, ink)
	}
	return nil
}

func (g *Gray) stamp(at image.Rectangle, mask image.Image, from image.Point, ink float64) {
	for yy := at.Min.Y; yy < at.Max.Y; yy++ {
		for xx := at.Min.X; xx < at.Max.X; xx++ {
			if xx < 0 || yy < 0 || xx >= g.W || yy >= g.H {
				continue
			}
			_, _, _, a := mask.At(from.X+xx-at.Min.X, from.Y+yy-at.Min.Y).RGBA()
			k := float64(a) / 0xffff * ink
			g.Pix[yy*g.W+xx] *= 1 - k
		}
	}
}

// Blur spreads each pixel over its neighbours, by so many pixels.
func (g *Gray) Blur(sigma float64) {
	if sigma < 0.15 {
		return
	}
	reach := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*reach+1)
	sum := 0.0
	for i := range kernel {
		d := float64(i - reach)
		kernel[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += kernel[i]
	}
	pass := func(dx, dy int) {
		out := make([]float64, len(g.Pix))
		for y := range g.H {
			for x := range g.W {
				v := 0.0
				for i, k := range kernel {
					xx, yy := min(max(x+dx*(i-reach), 0), g.W-1), min(max(y+dy*(i-reach), 0), g.H-1)
					v += k * g.Pix[yy*g.W+xx]
				}
				out[y*g.W+x] = v / sum
			}
		}
		g.Pix = out
	}
	pass(1, 0)
	pass(0, 1)
}

// Map makes a picture of w by h whose pixel (x, y) is that of this one at from(x, y); outside there is a shade.
func (g *Gray) Map(w, h int, outside float64, from func(x, y float64) (float64, float64)) *Gray {
	out := NewGray(w, h, outside)
	for y := range h {
		for x := range w {
			fx, fy := from(float64(x), float64(y))
			if fx < 0 || fy < 0 || fx >= float64(g.W-1) || fy >= float64(g.H-1) {
				continue
			}
			x0, y0 := int(fx), int(fy)
			dx, dy := fx-float64(x0), fy-float64(y0)
			at := func(x, y int) float64 { return g.Pix[y*g.W+x] }
			out.Pix[y*w+x] = (at(x0, y0)*(1-dx)+at(x0+1, y0)*dx)*(1-dy) + (at(x0, y0+1)*(1-dx)+at(x0+1, y0+1)*dx)*dy
		}
	}
	return out
}

// Noise makes each pixel a little darker or lighter.
func (g *Gray) Noise(r *rand.Rand, deviation float64) {
	for i := range g.Pix {
		g.Pix[i] += r.NormFloat64() * deviation
	}
}

// Image is the picture as an image.
func (g *Gray) Image() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, g.W, g.H))
	for y := range g.H {
		for x := range g.W {
			img.SetGray(x, y, color.Gray{Y: uint8(math.Round(min(max(g.Pix[y*g.W+x], 0), 255)))})
		}
	}
	return img
}
