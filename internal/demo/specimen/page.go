package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"strings"
	"sync"
	"time"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"ballerine/internal/calendar"
)

// The page of a passport with the photograph, in pixels.
const (
	pageWidth  = 1080
	pageHeight = 760
)

// Condition is how a picture was taken.
type Condition string

// Conditions of pictures.
const (
	Good     Condition = ""
	Blurred  Condition = "blurred"  // the camera moved
	Tilted   Condition = "tilted"   // on a table, askew
	Sideways Condition = "sideways" // turned by 90 degrees
)

// quality of the pictures, of 100: as cameras' applications send them.
const quality = 84

// countries are the names of nationalities on pages; the zone has their codes.
var countries = map[string]string{"UTO": "UTOPIA"}

// Page draws the passport's page with the photograph as a JPEG. The word SPECIMEN across it and the fictitious country
// show that it is not real. The same person and condition produce the same bytes.
func (p Person) Page(condition Condition) ([]byte, error) {
	return encode(taken(p.page(), condition, p.Number))
}

// Selfie draws a photograph that the person has taken of themselves, 720 by 900 pixels, as a JPEG.
func (p Person) Selfie(now time.Time) ([]byte, error) {
	r := rolls(p.Given + p.Family + "selfie")
	c := newCanvas(720, 900)
	walls := [][2]color.RGBA{{{206, 212, 216, 255}, {160, 168, 172, 255}}, {{222, 214, 200, 255}, {178, 164, 146, 255}}, {{196, 208, 200, 255}, {146, 160, 150, 255}}}
	wall := walls[r.next(len(walls))]
	c.gradient(c.img.Bounds(), wall[0], wall[1])
	c.fill(box(470, 0, 250, 900), see(color.RGBA{255, 255, 255, 255}, 0.13)) // a window's light
	c.fill(box(60, 90, 180, 240), see(shade(wall[1], -0.3), 0.35))
	c.fill(box(72, 102, 156, 216), see(shade(wall[0], 0.4), 0.5))
	f := faceOf(p, now.Year())
	f.coat = coats[r.next(len(coats))]
	left := 40 + r.next(40)
	c.portrait(f, image.Rect(left, 90, left+600, 90+768), r.between(-0.07, 0.07))
	soft := softened(c.img, 1)
	grain(soft, 5, hashOf(p.Family+"grain"))
	return encode(soft)
}

// Undecodable are bytes that begin as a JPEG does and are none.
func Undecodable() []byte {
	return append([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 72, 0, 72, 0, 0}, bytes.Repeat([]byte{0x5a, 0x00, 0x13}, 4000)...)
}

func encode(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality})
	return out.Bytes(), err
}

// papers are the backgrounds of pages, one for each of four tints, drawn once.
var papers [4]func() *image.RGBA

func init() { //nolint:gochecknoinits // a function each, not yet drawn
	for i, tint := range []color.RGBA{{222, 233, 243, 255}, {241, 230, 222, 255}, {224, 238, 228, 255}, {236, 230, 244, 255}} {
		papers[i] = sync.OnceValue(func() *image.RGBA { return guilloche(tint) })
	}
}

// guilloche is fine lines that swing around each other, as on banknotes.
func guilloche(tint color.RGBA) *image.RGBA {
	c := newCanvas(pageWidth, pageHeight)
	c.gradient(c.img.Bounds(), shade(tint, 0.35), tint)
	line := see(shade(tint, -0.42), 0.3)
	for n := range 26 {
		var wave shape
		for x := -10.0; x <= pageWidth+10; x += 12 {
			y := float64(n)*32 - 20 + 24*math.Sin(x/96+float64(n)*0.42) + 9*math.Sin(x/29-float64(n)*0.7)
			wave = append(wave, point{x, y})
		}
		c.stroke(wave, 0.9, 1, line)
	}
	for n := range 5 { // a rosette
		var ring shape
		for step := 0; step <= 300; step++ {
			a := 2 * math.Pi * float64(step) / 300
			r := 128 + float64(n)*9 + 34*math.Cos(11*a+float64(n)*0.5)
			ring = append(ring, point{800 + r*math.Cos(a), 330 + r*math.Sin(a)})
		}
		c.stroke(ring, 1.1, 1, see(shade(tint, -0.5), 0.3))
	}
	return c.img
}

func (p Person) page() *image.RGBA {
	seed := hashOf(p.Family + p.Given)
	c := newCanvas(pageWidth, pageHeight)
	copy(c.img.Pix, papers[seed%4]().Pix)
	ink, label, accent := color.RGBA{34, 38, 56, 255}, color.RGBA{92, 98, 120, 255}, color.RGBA{52, 66, 128, 255}

	c.fill(box(0, 0, pageWidth, 84), see(accent, 0.92))
	c.text(40, 55, country(p.Nationality), "bold", 32, 3, color.White)
	title := "PASSPORT · PASSEPORT"
	c.text(pageWidth-40-c.widthOf(title, "medium", 21)-float64(len([]rune(title)))*1.5, 52, title, "medium", 21, 1.5, color.White)

	f := faceOf(p, p.Expires.Year()-10)
	photo := image.Rect(44, 116, 44+300, 116+384)
	c.photo(f, photo)
	c.ghost(photo, image.Rect(906, 300, 906+120, 300+154))

	issued := calendar.AddDays(calendar.AddYears(p.Expires, -10), 1)
	rows := [][][2]string{
		{{"Type / Type", "P"}, {"Code / Code", p.Nationality}, {"Passport No. / No du passeport", p.Number}},
		{{"Surname / Nom", strings.ToUpper(p.Family)}},
		{{"Given names / Prénoms", strings.ToUpper(p.Given)}},
		{{"Nationality / Nationalité", country(p.Nationality)}, {"Sex / Sexe", p.Sex}}, //nolint:misspell // French
		{{"Date of birth / Date de naissance", day(p.Born)}, {"Place of birth / Lieu", place(seed)}},
		{{"Date of issue / Délivrance", day(issued)}, {"Date of expiry / Expiration", day(p.Expires)}},
	}
	columns := [][]float64{{384, 476, 572}, {384}, {384}, {384, 690}, {384, 690}, {384, 690}}
	for i, row := range rows {
		y := 136 + float64(i)*62
		for j, field := range row {
			c.text(columns[i][j], y, field[0], "regular", 14, 0, label)
			size := 25.0
			for size > 13 && columns[i][j]+c.widthOf(field[1], "medium", size) > pageWidth-30 {
				size--
			}
			c.text(columns[i][j], y+27, field[1], "medium", size, 0.4, ink)
		}
	}
	c.signature(p, 384, 536)

	c.fill(box(0, 590, pageWidth, pageHeight-590), color.NRGBA{252, 252, 250, 225})
	c.fill(box(0, 588, pageWidth, 2), see(accent, 0.5))
	c.zone(44, 654, p.Zone(), (pageWidth-88)/44.0, 58, ink) // 44 letters over the width of the page
	c.overprint()
	return c.img
}

// photo is the photograph on the page: with its own background, and a little softer than the print around it.
func (c *canvas) photo(f face, r image.Rectangle) {
	own := newCanvas(r.Dx(), r.Dy())
	own.gradient(own.img.Bounds(), color.RGBA{232, 235, 238, 255}, color.RGBA{204, 210, 216, 255})
	own.portrait(f, own.img.Bounds(), 0)
	draw.Draw(c.img, r, softened(own.img, 1), image.Point{}, draw.Src)
	c.fill(box(float64(r.Min.X), float64(r.Max.Y)-26, float64(r.Dx()), 26), color.NRGBA{255, 255, 255, 40})
}

// ghost is the photograph once more, small and pale.
func (c *canvas) ghost(photo, r image.Rectangle) {
	small := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	xdraw.ApproxBiLinear.Scale(small, small.Bounds(), c.img, photo, xdraw.Src, nil)
	for i := 0; i < len(small.Pix); i += 4 {
		grey := uint8((int(small.Pix[i])*3 + int(small.Pix[i+1])*6 + int(small.Pix[i+2])) / 10)
		small.Pix[i], small.Pix[i+1], small.Pix[i+2] = mixed(grey, 80, 0.3), mixed(grey, 90, 0.3), mixed(grey, 150, 0.3)
	}
	pale := image.NewUniform(color.Alpha{92})
	draw.DrawMask(c.img, r, small, image.Point{}, pale, image.Point{}, draw.Over)
}

// signature is an invented handwriting.
func (c *canvas) signature(p Person, x, y float64) {
	r := rolls(p.Family + "hand")
	hand := shape{{x, y}}
	for n := range 5 + r.next(3) {
		step := r.between(24, 46)
		high := r.between(8, 26)
		if n == 0 {
			high = 34
		}
		hand = hand.curve(point{x + step*0.1, y - high*1.2}, point{x + step*0.9, y - high}, point{x + step*0.6, y - 2}).
			curve(point{x + step*0.5, y + 9}, point{x + step*0.8, y + 6}, point{x + step, y - r.between(0, 7)})
		x += step
	}
	hand = hand.curve(point{x + 30, y - 12}, point{x - 60, y + 18}, point{x + 70, y + 2})
	c.stroke(hand, 2.1, 0.6, see(color.RGBA{28, 34, 84, 255}, 0.85))
}

// overprint writes across the page what it is.
func (c *canvas) overprint() {
	const size = 128.0
	own := newCanvas(pageWidth, 170)
	word := "SPECIMEN"
	own.text((pageWidth-own.widthOf(word, "bold", size)-8*22)/2, 130, word, "bold", size, 22, color.RGBA{200, 44, 52, 255})
	sin, cos := math.Sincos(-0.34)
	// the strip's middle goes to the page's
	turn := f64.Aff3{cos, -sin, pageWidth/2 - cos*pageWidth/2 + sin*85 + 40, sin, cos, 330 - sin*pageWidth/2 - cos*85}
	turned := image.NewRGBA(c.img.Bounds())
	xdraw.ApproxBiLinear.Transform(turned, turn, own.img, own.img.Bounds(), xdraw.Over, nil)
	draw.DrawMask(c.img, c.img.Bounds(), turned, image.Point{}, image.NewUniform(color.Alpha{58}), image.Point{}, draw.Over)
}

// taken is the page as photographed.
func taken(page *image.RGBA, condition Condition, name string) image.Image {
	switch condition {
	case Blurred:
		return softened(softened(page, 7), 6)
	case Sideways:
		turned := image.NewRGBA(image.Rect(0, 0, pageHeight, pageWidth))
		for y := range pageHeight {
			for x := range pageWidth {
				turned.SetRGBA(pageHeight-1-y, x, page.RGBAAt(x, y))
			}
		}
		return turned
	case Tilted:
		return onTable(page, name)
	case Good:
	}
	return page
}

// onTable lays the page askew on wood, with a lamp's light on it.
func onTable(page *image.RGBA, name string) image.Image {
	c := newCanvas(1280, 960)
	c.gradient(c.img.Bounds(), color.RGBA{128, 96, 70, 255}, color.RGBA{98, 72, 52, 255})
	r := rolls(name + "table")
	for n := range 60 {
		y := float64(n)*16 + r.between(-6, 6)
		c.stroke(shape{{-10, y}}.curve(point{400, y + r.between(-9, 9)}, point{800, y + r.between(-9, 9)}, point{1290, y + r.between(-5, 5)}), r.between(0.6, 2.4), 0.8, see(color.RGBA{60, 40, 28, 255}, 0.28))
	}
	angle := r.between(0.05, 0.11)
	if r.next(2) == 0 {
		angle = -angle
	}
	sin, cos := math.Sincos(angle)
	const scale = 0.96
	a, b := cos*scale, sin*scale
	turn := f64.Aff3{a, -b, 640 - a*pageWidth/2 + b*pageHeight/2, b, a, 480 - b*pageWidth/2 - a*pageHeight/2}
	shadow := image.NewRGBA(c.img.Bounds())
	xdraw.NearestNeighbor.Transform(shadow, f64.Aff3{turn[0], turn[1], turn[2] + 10, turn[3], turn[4], turn[5] + 14}, image.NewUniform(color.RGBA{0, 0, 0, 255}), page.Bounds(), xdraw.Over, nil)
	draw.DrawMask(c.img, c.img.Bounds(), softened(shadow, 9), image.Point{}, image.NewUniform(color.Alpha{110}), image.Point{}, draw.Over)
	xdraw.ApproxBiLinear.Transform(c.img, turn, page, page.Bounds(), xdraw.Over, nil)
	for n := range 12 { // glare
		rr := 190 - float64(n)*14
		c.fill(oval(900, 300, rr, rr*0.62), color.NRGBA{255, 255, 246, 15})
	}
	return c.img
}

// softened is the picture with each pixel the middle of those around it, first in rows, then in columns.
func softened(img *image.RGBA, radius int) *image.RGBA {
	b := img.Bounds()
	half, whole := image.NewRGBA(b), image.NewRGBA(b)
	average(half.Pix, img.Pix, b.Dx(), b.Dy(), 4, img.Stride, radius)
	average(whole.Pix, half.Pix, b.Dy(), b.Dx(), img.Stride, 4, radius)
	return whole
}

// average runs along lines: length pixels each, step bytes apart; the lines are next bytes apart.
func average(to, from []uint8, length, lines, step, next, radius int) {
	for line := range lines {
		for channel := range 4 {
			base := line*next + channel
			sum, n := 0, 0
			for i := range min(radius, length) {
				sum, n = sum+int(from[base+i*step]), n+1
			}
			for i := range length {
				if in := i + radius; in < length {
					sum, n = sum+int(from[base+in*step]), n+1
				}
				if out := i - radius - 1; out >= 0 {
					sum, n = sum-int(from[base+out*step]), n-1
				}
				to[base+i*step] = uint8(sum / n)
			}
		}
	}
}

// grain is a sensor's noise.
func grain(img *image.RGBA, strength int, seed uint32) {
	state := seed | 1
	for i := 0; i < len(img.Pix); i += 4 {
		state = state*1664525 + 1013904223
		noise := int(state>>24)%(2*strength+1) - strength
		for k := range 3 {
			img.Pix[i+k] = uint8(min(255, max(0, int(img.Pix[i+k])+noise)))
		}
	}
}

func country(code string) string {
	if name := countries[code]; name != "" {
		return name
	}
	return code
}

func day(t time.Time) string { return strings.ToUpper(t.Format("02 Jan 2006")) }

func place(seed uint32) string {
	places := []string{"ZENITH", "OSTENFELD", "VALMONT", "GREYWATER", "SANDVIK", "CASTELROSSO", "NORTHGATE"}
	return places[int(seed/7)%len(places)]
}
