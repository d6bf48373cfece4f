package specimen

import (
	"image"
	"image/color"
	"math"
)

// face is the look of a person who does not exist, derived from their name.
type face struct {
	skin, hair, eyes, coat color.RGBA
	wide, jaw, brow        float64 // of 100
	style                  int     // of the hair
	woman, glasses         bool
	beard                  int // 0: none
	age                    int
}

// roll returns numbers derived from a text, one after the other.
type roll uint64

func rolls(text string) *roll {
	r := roll(hashOf(text))<<16 | 0x9e37
	return &r
}

func (r *roll) next(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int((uint64(*r) >> 33) % uint64(n))
}

func (r *roll) between(low, high float64) float64 {
	return low + (high-low)*float64(r.next(1000))/1000
}

var (
	skins = []color.RGBA{{245, 213, 190, 255}, {236, 196, 165, 255}, {222, 176, 140, 255}, {198, 148, 110, 255}, {160, 112, 80, 255}, {120, 80, 58, 255}, {94, 64, 48, 255}}
	hairs = []color.RGBA{{38, 30, 28, 255}, {62, 44, 34, 255}, {96, 66, 44, 255}, {142, 100, 62, 255}, {190, 150, 96, 255}, {120, 60, 38, 255}}
	irids = []color.RGBA{{86, 60, 40, 255}, {70, 52, 40, 255}, {84, 108, 92, 255}, {82, 116, 146, 255}}
	coats = []color.RGBA{{46, 60, 92, 255}, {70, 74, 80, 255}, {112, 52, 60, 255}, {48, 88, 80, 255}, {150, 138, 120, 255}, {84, 66, 110, 255}, {226, 226, 222, 255}}
)

// faceOf is a person's face in a year. All that matters is that people are not all alike.
func faceOf(p Person, at int) face {
	r := rolls(p.Family + "/" + p.Given)
	f := face{woman: p.Sex == "F", age: max(18, at-p.Born.Year())}
	tone, dark := r.next(3), false
	switch p.Origin {
	case "NG", "GH", "ML", "CD", "ZA":
		tone, dark = 4+r.next(3), true
	case "JP", "KR":
		tone, dark = r.next(3), true
	case "IN", "YE", "AE", "JO", "MA", "MX", "BR", "CL", "AR", "PA", "UZ":
		tone, dark = 2+r.next(3), true
	case "":
		tone = r.next(5)
	}
	f.skin = skins[tone]
	f.hair = hairs[r.next(len(hairs))]
	dark = dark || tone >= 3
	if dark {
		f.hair = hairs[r.next(2)]
	}
	switch {
	case f.age > 66:
		f.hair = color.RGBA{206, 204, 200, 255}
	case f.age > 54:
		f.hair = color.RGBA{146, 140, 134, 255}
	}
	f.eyes = irids[r.next(len(irids))]
	if dark {
		f.eyes = irids[r.next(2)]
	}
	f.coat = coats[r.next(len(coats))]
	f.wide, f.jaw, f.brow = r.between(20.5, 23.5), r.between(0.66, 0.86), r.between(-0.6, 0.8)
	f.style, f.glasses = r.next(4), r.next(4) == 0
	if !f.woman && r.next(5) < 2 {
		f.beard = 1 + r.next(2)
	}
	return f
}

// portrait draws a person in a frame that is 100 wide and 128 high. turn tilts the head, in radians.
func (c *canvas) portrait(f face, frame image.Rectangle, turn float64) {
	c.within(frame, 0, func() { c.bust(f) })
	c.within(frame, turn, func() { c.head(f) })
}

// bust is the neck and what is worn.
func (c *canvas) bust(f face) {
	if f.woman && f.style < 2 { // long hair falls behind the shoulders
		back := shape{{50, 22}}
		back = back.curve(point{20, 20}, point{18, 60}, point{22, 104}).line(point{78, 104}).curve(point{82, 60}, point{80, 20}, point{50, 22})
		c.fill(back, shade(f.hair, -0.22))
	}
	c.fill(shape{{40, 74}}.curve(point{41, 92}, point{39, 96}, point{34, 102}).line(point{66, 102}).curve(point{61, 96}, point{59, 92}, point{60, 74}), shade(f.skin, -0.16))
	body := shape{{-6, 140}}.curve(point{-2, 108}, point{14, 103}, point{37, 97}).curve(point{44, 107}, point{56, 107}, point{63, 97}).curve(point{86, 103}, point{102, 108}, point{106, 140})
	c.fill(body, f.coat)
	left := shape{{37, 96}}.curve(point{33, 101}, point{33, 106}, point{35, 110}).line(point{48, 124}).curve(point{45, 112}, point{41, 104}, point{38.5, 98})
	for _, side := range []shape{left, left.mirrored(50)} {
		c.fill(side, shade(f.coat, 0.16))
	}
	if !f.woman {
		c.fill(shape{{41, 103}, {50, 112}, {59, 103}, {52, 128}, {48, 128}}, shade(f.coat, -0.3))
	}
}

func (c *canvas) head(f face) {
	x, y := 50.0, 54.0
	w, h := f.wide, 29.0
	if f.woman {
		w *= 0.95
	}
	chin := y + h
	for _, side := range []float64{-1, 1} { // ears
		c.fill(oval(x+side*(w+0.4), y+3, 3.4, 6), shade(f.skin, -0.1))
		c.fill(oval(x+side*(w+0.9), y+3, 1.7, 3.6), shade(f.skin, -0.22))
	}
	half := shape{{x, y - h}}
	half = half.curve(point{x - w*0.95, y - h}, point{x - w*1.06, y - h*0.3}, point{x - w, y + 2}).
		curve(point{x - w*0.98, y + h*0.45}, point{x - w*f.jaw, y + h*0.8}, point{x - w*0.36, chin - 1.6}).
		curve(point{x - w*0.2, chin}, point{x - 2, chin + 0.4}, point{x, chin + 0.4})
	other := half.mirrored(x)
	skull := append(shape{}, half...)
	for i := len(other) - 1; i >= 0; i-- {
		skull = append(skull, other[i])
	}
	c.fill(skull, f.skin)
	// Light comes from the left: the right side and what is below the brow and the nose are darker.
	side := shape{{x + w*0.55, y - h*0.75}}.curve(point{x + w*1.02, y - h*0.5}, point{x + w*1.04, y + h*0.2}, point{x + w*0.8, y + h*0.62}).
		curve(point{x + w*0.55, y + h*0.9}, point{x + w*0.3, y + h*0.98}, point{x + w*0.16, chin}).
		curve(point{x + w*0.62, y + h*0.6}, point{x + w*0.86, y - h*0.1}, point{x + w*0.55, y - h*0.75})
	c.fill(side, see(shade(f.skin, -0.5), 0.2))
	for _, s := range []float64{-1, 1} {
		c.fill(oval(x+s*w*0.5, y+9.5, 4.6, 3.2), see(color.RGBA{214, 110, 96, 255}, 0.1))
	}
	c.fill(oval(x-w*0.3, y-h*0.62, w*0.36, 5), see(color.RGBA{255, 255, 255, 255}, 0.1))
	c.features(f, x, y, w, h)
	c.locks(f, x, y, w, h)
	if f.glasses {
		c.spectacles(x, y-1.2, w)
	}
}

func (c *canvas) features(f face, x, y, w, h float64) {
	dark := shade(f.skin, -0.55)
	apart := w * 0.45
	for _, s := range []float64{-1, 1} {
		ex, ey := x+s*apart, y-1.0
		c.fill(oval(ex, ey-1.2, 5.6, 3.8), see(dark, 0.16)) // the hollow
		almond := shape{{ex - 4.3, ey + 0.3}}.curve(point{ex - 2, ey - 2.9}, point{ex + 2, ey - 2.9}, point{ex + 4.3, ey + 0.1}).curve(point{ex + 2, ey + 2}, point{ex - 2, ey + 2}, point{ex - 4.3, ey + 0.3})
		c.fill(almond, color.RGBA{246, 243, 240, 255})
		c.fill(oval(ex, ey-0.3, 2.0, 2.0), f.eyes)
		c.fill(oval(ex, ey-0.3, 0.95, 0.95), color.RGBA{22, 20, 22, 255})
		c.fill(oval(ex-0.7, ey-1, 0.5, 0.5), color.RGBA{255, 255, 255, 255})
		lid := shape{{ex - 4.5, ey + 0.3}}.curve(point{ex - 2, ey - 3.2}, point{ex + 2, ey - 3.2}, point{ex + 4.5, ey + 0.1})
		thick := 0.75
		if f.woman {
			thick = 1.15
		}
		c.stroke(lid, thick, 0.5, shade(f.hair, -0.5))
		c.stroke(shape{{ex - 3.6, ey + 1.1}}.curve(point{ex - 1, ey + 2.5}, point{ex + 1, ey + 2.5}, point{ex + 3.6, ey + 1}), 0.3, 0.4, see(dark, 0.5))
		width := 1.9
		if f.woman {
			width = 1.25
		}
		in, out := point{ex - s*4.6, ey - 5.6 + f.brow}, point{ex + s*5.6, ey - 5.4}
		c.stroke(shape{in}.curve(point{ex - s*1.5, ey - 7.6}, point{ex + s*2.5, ey - 7.8}, out), width, 0.35, see(shade(f.hair, -0.25), 0.9))
	}
	// nose
	c.stroke(shape{{x + 1.5, y - 2}}.curve(point{x + 2.3, y + 4}, point{x + 3.4, y + 7}, point{x + 3.6, y + 9.4}), 0.9, 0.2, see(dark, 0.26))
	c.fill(oval(x, y+9.6, 3.5, 2.2), see(shade(f.skin, 0.25), 0.45))
	c.stroke(shape{{x - 3.7, y + 9.6}}.curve(point{x - 3.2, y + 12}, point{x - 1, y + 11.4}, point{x, y + 12}).curve(point{x + 1, y + 11.4}, point{x + 3.2, y + 12}, point{x + 3.7, y + 9.6}), 0.7, 0.5, see(dark, 0.55))
	// mouth
	lips := color.RGBA{176, 92, 86, 255}
	if f.woman {
		lips = color.RGBA{186, 78, 82, 255}
	}
	lips = color.RGBA{mixed(lips.R, f.skin.R, 0.45), mixed(lips.G, f.skin.G, 0.45), mixed(lips.B, f.skin.B, 0.45), 255}
	my := y + 17.6
	c.fill(shape{{x - 7.2, my}}.curve(point{x - 4, my - 2.3}, point{x - 1.5, my - 2.4}, point{x, my - 1.5}).curve(point{x + 1.5, my - 2.4}, point{x + 4, my - 2.3}, point{x + 7.2, my}).
		curve(point{x + 3, my + 0.5}, point{x - 3, my + 0.5}, point{x - 7.2, my}), shade(lips, -0.12))
	c.fill(shape{{x - 7.2, my}}.curve(point{x - 3, my + 0.6}, point{x + 3, my + 0.6}, point{x + 7.2, my}).curve(point{x + 3.6, my + 3.4}, point{x - 3.6, my + 3.4}, point{x - 7.2, my}), lips)
	c.stroke(shape{{x - 7.4, my}}.curve(point{x - 3, my + 0.7}, point{x + 3, my + 0.7}, point{x + 7.4, my}), 0.55, 0.4, see(shade(lips, -0.55), 0.8))
	c.fill(oval(x, my+5.4, 3.6, 0.9), see(dark, 0.14))
	if f.age > 48 { // years
		for _, s := range []float64{-1, 1} {
			c.stroke(shape{{x + s*5, y + 10}}.curve(point{x + s*7.5, y + 12}, point{x + s*8.6, y + 15}, point{x + s*8.8, y + 18}), 0.5, 0.2, see(dark, 0.36))
			c.stroke(shape{{x + s*(apart-3), y + 3.6}}.curve(point{x + s*apart, y + 5}, point{x + s*(apart+2), y + 4.8}, point{x + s*(apart+4), y + 3}), 0.4, 0.2, see(dark, 0.3))
		}
		for n := range 2 {
			fy := y - h*0.5 - float64(n)*3
			c.stroke(shape{{x - 9, fy}}.curve(point{x - 4, fy - 1}, point{x + 4, fy - 1}, point{x + 9, fy}), 0.35, 0.2, see(dark, 0.22))
		}
	}
	switch f.beard {
	case 1: // close-cropped
		stubble := shape{{x - w*0.97, y + 6}}.curve(point{x - w*0.9, y + h*0.6}, point{x - w*f.jaw*0.95, y + h*0.86}, point{x - w*0.34, y + h + 0.6}).curve(point{x - 4, y + h + 2}, point{x + 4, y + h + 2}, point{x + w*0.34, y + h + 0.6}).
			curve(point{x + w*f.jaw*0.95, y + h*0.86}, point{x + w*0.9, y + h*0.6}, point{x + w*0.97, y + 6}).
			curve(point{x + w*0.74, y + 15}, point{x + 9, y + 12.6}, point{x, y + 13.4}).curve(point{x - 9, y + 12.6}, point{x - w*0.74, y + 15}, point{x - w*0.97, y + 6})
		c.fill(stubble, see(shade(f.hair, -0.1), 0.38))
		c.mouth(x, my, lips)
	case 2: // full
		full := shape{{x - w*0.99, y + 4}}.curve(point{x - w*1.02, y + h*0.7}, point{x - w*0.8, y + h*1.05}, point{x, y + h*1.14}).curve(point{x + w*0.8, y + h*1.05}, point{x + w*1.02, y + h*0.7}, point{x + w*0.99, y + 4}).
			curve(point{x + w*0.8, y + 15}, point{x + 9, y + 12.4}, point{x, y + 13.2}).curve(point{x - 9, y + 12.4}, point{x - w*0.8, y + 15}, point{x - w*0.99, y + 4})
		c.fill(full, see(f.hair, 0.94))
		c.mouth(x, my, lips)
	}
}

// mouth draws the lips over a beard.
func (c *canvas) mouth(x, my float64, lips color.RGBA) {
	c.fill(shape{{x - 6, my}}.curve(point{x - 3, my - 1.7}, point{x + 3, my - 1.7}, point{x + 6, my}).curve(point{x + 3, my + 2.4}, point{x - 3, my + 2.4}, point{x - 6, my}), lips)
	c.stroke(shape{{x - 6.2, my}, {x, my + 0.4}, {x + 6.2, my}}, 0.5, 0.4, see(shade(lips, -0.5), 0.8))
}

// locks is the hair that is seen from the front.
func (c *canvas) locks(f face, x, y, w, h float64) {
	top := y - h
	light := see(shade(f.hair, 0.3), 0.4)
	switch {
	case f.woman && f.style < 2: // long, parted
		side := shape{{x - 3, top - 1}}.curve(point{x - w*0.8, top - 3}, point{x - w*1.34, y - h*0.5}, point{x - w*1.22, y + 10}).curve(point{x - w*1.3, y + h*0.9}, point{x - w*1.34, y + h}, point{x - w*1.18, y + h*1.35}).
			curve(point{x - w*0.86, y + h*1.2}, point{x - w*0.9, y + h*0.5}, point{x - w*0.92, y + 2}).curve(point{x - w*0.98, y - h*0.3}, point{x - w*0.6, y - h*0.5}, point{x - 3, top + 4})
		other := side.mirrored(x)
		for i := range other {
			other[i].x -= 4
		}
		c.fill(side, f.hair)
		c.fill(side.mirrored(x-1.5), f.hair)
		c.stroke(shape{{x - 8, top + 1}}.curve(point{x - w, y - h*0.6}, point{x - w*1.08, y - 6}, point{x - w*1.06, y + 12}), 1.2, 0.1, light)
	case f.woman && f.style == 2: // up, with a bun
		c.fill(oval(x, top-5, 9, 8), shade(f.hair, -0.1))
		c.fill(crown(x, y, w, h, 0.58, 1.06), f.hair)
		c.stroke(shape{{x - w*0.8, y - h*0.62}}.curve(point{x - 8, top}, point{x + 6, top - 1}, point{x + w*0.7, y - h*0.7}), 1, 0.1, light)
	case f.woman: // a bob with a fringe
		bob := shape{{x, top - 3}}.curve(point{x - w*1.2, top - 4}, point{x - w*1.42, y - 8}, point{x - w*1.2, y + h*0.62}).curve(point{x - w*1.05, y + h*0.72}, point{x - w*0.92, y + h*0.6}, point{x - w*0.9, y + h*0.5}).
			curve(point{x - w*0.96, y}, point{x - w*0.98, y - 4}, point{x - w*0.86, y - h*0.36}).curve(point{x - w*0.4, y - h*0.44}, point{x - 4, y - h*0.46}, point{x, y - h*0.46})
		c.fill(bob, f.hair)
		c.fill(bob.mirrored(x), f.hair)
		c.stroke(shape{{x - w*0.9, y - h*0.7}}.curve(point{x - 8, top + 1}, point{x + 4, top}, point{x + w*0.8, y - h*0.75}), 1.3, 0.1, light)
	case f.age > 50 && f.style == 0: // little is left
		for _, s := range []float64{-1, 1} {
			c.fill(shape{{x + s*w*0.92, y - h*0.62}}.curve(point{x + s*w*1.1, y - h*0.4}, point{x + s*w*1.14, y - 4}, point{x + s*w*1.02, y + 4}).line(point{x + s*w*0.9, y - 4}).curve(point{x + s*w*0.92, y - h*0.3}, point{x + s*w*0.86, y - h*0.5}, point{x + s*w*0.92, y - h*0.62}), f.hair)
		}
	case f.style == 1: // curly
		for n := range 26 {
			a := math.Pi * (1.04 + 0.92*float64(n%13)/12)
			far := 1.0 + 0.1*float64(n/13)
			c.fill(oval(x+math.Cos(a)*w*far*0.98, y-4+math.Sin(a)*h*0.9*far, 6.4, 6.2), shade(f.hair, 0.05*float64(n%3)))
		}
		c.fill(crown(x, y, w, h, 0.6, 1.0), f.hair)
	case f.style == 2: // parted at the side
		part := shape{{x - w*0.5, top + 1}}.curve(point{x - w*1.1, top + 2}, point{x - w*1.16, y - h*0.4}, point{x - w*1.04, y - 2}).line(point{x - w*0.96, y - 4}).curve(point{x - w*0.94, y - h*0.4}, point{x - w*0.8, y - h*0.56}, point{x - w*0.5, y - h*0.66}).
			curve(point{x, y - h*0.5}, point{x + w*0.6, y - h*0.56}, point{x + w*0.84, y - h*0.48}).curve(point{x + w*0.94, y - h*0.3}, point{x + w*0.96, y - 8}, point{x + w*0.97, y - 3}).line(point{x + w*1.05, y - 2}).
			curve(point{x + w*1.2, y - h*0.6}, point{x + w*0.9, top - 6}, point{x, top - 4}).curve(point{x - w*0.3, top - 4}, point{x - w*0.4, top - 2}, point{x - w*0.5, top + 1})
		c.fill(part, f.hair)
		c.stroke(shape{{x - w*0.3, top + 2}}.curve(point{x + 2, top - 2}, point{x + w*0.6, top}, point{x + w*0.9, y - h*0.6}), 1.2, 0.1, light)
	default: // short
		c.fill(crown(x, y, w, h, 0.6, 1.04), f.hair)
		c.stroke(shape{{x - w*0.7, y - h*0.78}}.curve(point{x - 6, top - 1}, point{x + 6, top - 1}, point{x + w*0.6, y - h*0.82}), 1.2, 0.1, light)
	}
}

// crown is hair close to the head: down to the ears at the sides, to line of the head's height at the front.
func crown(x, y, w, h, line, far float64) shape {
	half := shape{{x, y - h*far - 3}}.curve(point{x - w*0.96, y - h*far - 3}, point{x - w*1.18, y - h*0.5}, point{x - w*1.05, y - 1}).line(point{x - w*0.97, y - 3}).
		curve(point{x - w*0.95, y - h*0.34}, point{x - w*0.84, y - h*(line-0.06)}, point{x - w*0.5, y - h*line}).curve(point{x - w*0.2, y - h*(line+0.07)}, point{x - 4, y - h*(line+0.03)}, point{x, y - h*line})
	other := half.mirrored(x)
	all := append(shape{}, half...)
	for i := len(other) - 1; i >= 0; i-- {
		all = append(all, other[i])
	}
	return all
}

func (c *canvas) spectacles(x, y, w float64) {
	rim := color.RGBA{44, 42, 46, 255}
	for _, s := range []float64{-1, 1} {
		ring := oval(x+s*w*0.46, y+0.8, 6.7, 5.4)
		c.fill(ring, see(color.RGBA{255, 255, 255, 255}, 0.1))
		c.stroke(append(ring, ring[0], ring[1]), 0.9, 1, rim)
		c.stroke(shape{{x + s*(w*0.46+6.4), y}, {x + s*(w+1.4), y - 0.4}}, 0.9, 1, rim)
	}
	c.stroke(shape{{x - w*0.46 + 6.4, y}}.curve(point{x - 1.5, y - 1.4}, point{x + 1.5, y - 1.4}, point{x + w*0.46 - 6.4, y}), 0.9, 1, rim)
}

func mixed(a, b uint8, part float64) uint8 { return uint8(float64(a)*(1-part) + float64(b)*part) }
