// Package specimen draws identity documents for demo cases and tests that cannot be mistaken for real ones: passport pages
// of a fictitious country, marked SPECIMEN, with drawn portraits and a valid machine-readable zone; matching photographs;
// and letters.
package specimen

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// card is what is written on a document.
type card struct {
	Title string   // "PASSPORT"
	Lines []string // "Surname  ERIKSSON", …
	Zone  string   // the machine-readable zone, its lines separated by \n
	Seed  uint32   // varies colours and figure
}

const width, height, zoom = 420, 296, 2

// drawPNG draws the card. The same card produces the same bytes.
func drawPNG(card card) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	fill(img, img.Bounds(), paper(card.Seed))
	for y := 0; y < height; y += 6 { // a guilloche of sorts
		fill(img, image.Rect(0, y, width, y+1), color.NRGBA{255, 255, 255, 90})
	}
	ink := color.RGBA{30, 38, 56, 255}
	write(img, 16, 26, card.Title, ink)
	write(img, width-90, 26, "UTOPIA", ink)
	figure(img, card.Seed)
	for i, line := range card.Lines {
		write(img, 140, 60+i*20, line, ink)
	}
	for x := range 3 {
		write(img, 120+x*90, 200-x*24, "SPECIMEN", color.NRGBA{190, 40, 40, 150})
	}
	fill(img, image.Rect(0, 236, width, height), color.RGBA{250, 250, 246, 255})
	large := newCanvas(width*zoom, height*zoom)
	large.img = enlarge(img)
	large.zone(32, 512, card.Zone, (width*zoom-64)/44.0, 42, ink)
	var out bytes.Buffer
	err := png.Encode(&out, large.img)
	return out.Bytes(), err
}

// figure is a head and shoulders of plain shapes.
func figure(img *image.RGBA, seed uint32) {
	frame := image.Rect(16, 46, 120, 180)
	fill(img, frame, color.RGBA{224, 228, 234, 255})
	skin := []color.RGBA{{236, 200, 172, 255}, {198, 152, 118, 255}, {142, 98, 70, 255}, {92, 64, 48, 255}}[seed%4]
	coat := []color.RGBA{{52, 74, 120, 255}, {96, 60, 92, 255}, {40, 96, 84, 255}, {88, 88, 92, 255}}[seed/4%4]
	ellipse(img, 68, 172, 46, 40, coat, frame)
	ellipse(img, 68, 100, 26, 32, color.RGBA{uint8(40 + seed%90), 34, 28, 255}, frame)
	ellipse(img, 68, 108, 22, 28, skin, frame)
}

func ellipse(img *image.RGBA, cx, cy, rx, ry int, c color.RGBA, clip image.Rectangle) {
	for y := cy - ry; y <= cy+ry; y++ {
		for x := cx - rx; x <= cx+rx; x++ {
			dx, dy := float64(x-cx)/float64(rx), float64(y-cy)/float64(ry)
			if dx*dx+dy*dy <= 1 && (image.Point{x, y}).In(clip) {
				img.SetRGBA(x, y, c)
			}
		}
	}
}

func paper(seed uint32) color.RGBA {
	return []color.RGBA{{214, 226, 236, 255}, {232, 222, 214, 255}, {216, 232, 220, 255}, {230, 226, 240, 255}}[seed/16%4]
}

func fill(img *image.RGBA, r image.Rectangle, c color.Color) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Over)
}

func write(img *image.RGBA, x, y int, text string, c color.Color) {
	drawer := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	drawer.DrawString(text)
}

// enlarge doubles every pixel, so that the letters are crisp at the size that quality checks expect.
func enlarge(small *image.RGBA) *image.RGBA {
	large := image.NewRGBA(image.Rect(0, 0, width*zoom, height*zoom))
	for y := range height * zoom {
		for x := range width * zoom {
			large.SetRGBA(x, y, small.RGBAAt(x/zoom, y/zoom))
		}
	}
	return large
}

func hashOf(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // a hash never fails to write
	return h.Sum32()
}
