// Package mrztest draws documents with a machine-readable zone, and takes pictures of them as people do. The documents
// belong to nobody: names and numbers are random.
package mrztest

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"ballerine/internal/mrz/canvas"
)

// Page draws a document of a format with a zone: ground, portrait, printed lines, and the zone at its foot. It is about width pixels wide.
func Page(r *rand.Rand, face canvas.Typeface, format string, zone []string, width int) (*canvas.Gray, error) {
	ratio := map[string]float64{"TD1": 54.0 / 85.6, "TD2": 74.0 / 105, "TD3": 88.0 / 125}[format]
	share := map[string]float64{"TD1": 0.93, "TD2": 0.90, "TD3": 0.93}[format] // of the width that the zone takes
	g := canvas.NewGray(width, int(float64(width)*ratio), 205+r.Float64()*45)
	w, h := float64(g.W), float64(g.H)
	fx, fy := 0.05+r.Float64()*0.3, 0.05+r.Float64()*0.3
	for i := range g.Pix {
		x, y := float64(i%g.W), float64(i/g.W)
		g.Pix[i] *= 1 - 0.07*(0.5+0.5*math.Sin(x*fx+10*math.Sin(y*fy/7)))
	}
	pitch := w * share / float64(len(zone[0]))
	cap := pitch * (0.92 + r.Float64()*0.12)
	portrait(r, g, 0.04*w, 0.18*h, 0.27*w, 0.45*h)
	for i := range 7 - len(zone) + r.IntN(2) {
		text := pick(r, letters+letters+digits, 6+r.IntN(14))
		if err := g.Text(face, text, 0.36*w, (0.2+0.075*float64(i))*h, 0.026*h*(1+r.Float64()*0.4), 0.026*h*1.1, 0.8); err != nil {
			return nil, err
		}
	}
	left, apart := (w-pitch*float64(len(zone[0])))/2, cap*(2.3+r.Float64()*0.5)
	for i, line := range zone {
		y := h - 0.055*h - apart*float64(len(zone)-1-i)
		if err := g.Text(face, line, left, y, cap, pitch, 0.75+r.Float64()*0.2); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// portrait is a dark shape with soft edges, as a face is.
func portrait(r *rand.Rand, g *canvas.Gray, left, top, width, height float64) {
	cx, cy := left+width/2, top+height*0.45
	for y := int(top); y < int(top+height) && y < g.H; y++ {
		for x := int(left); x < int(left+width) && x < g.W; x++ {
			dx, dy := (float64(x)-cx)/(width*0.33), (float64(y)-cy)/(height*0.42)
			shade := 0.75
			if d := dx*dx + dy*dy; d < 1 {
				shade = 0.45 + 0.2*d + 0.05*r.Float64()
			}
			g.Pix[y*g.W+x] *= shade
		}
	}
}

// Shot is how a picture is taken.
type Shot struct {
	Tilt    float64 // degrees
	Blur    float64 // pixels of the page
	Dark    float64 // part of the light that is missing
	Glare   float64 // how bright a spot of light is, 0 to 1
	Margin  float64 // of table around the page, a part of its width; below 0: it is cut off
	Noise   float64 // deviation of a pixel
	Quality int     // of JPEG; 0 for none
	Warp    float64 // perspective: how much narrower the top is, a part of the width
}

// Take takes a picture of a page.
func Take(r *rand.Rand, page *canvas.Gray, s Shot) (image.Image, error) {
	w, h := float64(page.W), float64(page.H)
	if s.Glare > 0 {
		cx, cy, radius := w*(0.15+0.7*r.Float64()), h*(0.3+0.65*r.Float64()), w*(0.06+0.1*r.Float64())
		for i := range page.Pix {
			dx, dy := float64(i%page.W)-cx, float64(i/page.W)-cy
			k := s.Glare * math.Exp(-(dx*dx+dy*dy)/(2*radius*radius))
			page.Pix[i] += (255 - page.Pix[i]) * k
		}
	}
	m := s.Margin * w
	sin, cos := math.Sincos(s.Tilt * math.Pi / 180)
	ow, oh := int(w*math.Abs(cos)+h*math.Abs(sin)+2*m), int(h*math.Abs(cos)+w*math.Abs(sin)+2*m)
	if s.Margin < 0 {
		ow, oh = int(w+2*m), int(h+2*m)
	}
	out := page.Map(ow, oh, 70+r.Float64()*60, func(x, y float64) (float64, float64) {
		x, y = x-float64(ow)/2, y-float64(oh)/2
		px, py := x*cos+y*sin, -x*sin+y*cos
		px *= 1 + s.Warp*(-py/h)
		return px + w/2, py + h/2
	})
	out.Blur(s.Blur)
	out.Noise(r, s.Noise)
	if s.Dark > 0 {
		for i := range out.Pix {
			out.Pix[i] *= 1 - s.Dark
		}
	}
	var img image.Image = out.Image()
	if s.Quality > 0 {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: s.Quality}); err != nil {
			return nil, err
		}
		return jpeg.Decode(&file)
	}
	return img, nil
}

// Easy and Hard are the shots that readings are scored on.
func Easy(r *rand.Rand) Shot {
	return Shot{Tilt: r.Float64()*2 - 1, Blur: r.Float64() * 0.8, Noise: r.Float64() * 4, Margin: r.Float64() * 0.05, Quality: 85}
}

// Hard is one of: blurred, tilted, dark, glaring, cut, coarse, or seen from above.
func Hard(r *rand.Rand) Shot {
	s := Shot{Tilt: r.Float64()*4 - 2, Blur: 0.5, Noise: 3 + r.Float64()*4, Margin: 0.03, Quality: 70}
	switch r.IntN(7) {
	case 0:
		s.Blur = 1.2 + r.Float64()*0.8
	case 1:
		s.Tilt = (3 + r.Float64()*6) * []float64{-1, 1}[r.IntN(2)]
	case 2:
		s.Dark = 0.5 + r.Float64()*0.25
	case 3:
		s.Glare = 0.5 + r.Float64()*0.35
	case 4:
		s.Margin = -0.012
	case 5:
		s.Quality, s.Noise = 40, 10
	case 6:
		s.Warp = 0.03 + r.Float64()*0.04
	}
	return s
}
