package mrz

import (
	"image"
	"math"
	"sync"
)

// Reading is what was read of a zone.
type Reading struct {
	Format      Format
	Lines       []string
	Confidence  float64 // 0 to 1: how likely the least likely character is
	CheckDigits bool    // all check digits agree, and each character is likely enough to be relied on
}

var net = sync.OnceValue(func() *network { return decodeNetwork(weights) })

// Bounds of what is returned.
const (
	plausible = -0.55 // mean of the logarithms: below, it is no zone
	relied    = 0.80  // of the least likely character, for a reading to be relied on
	doubtful  = 0.74  // below, a text whose check digits agree is not returned: it would be believed
	forced    = 1.5   // how much less likely the text that the check digits allow may be than the most likely one
	most      = 12    // groups of lines that are examined
)

// Read reads the zone of a picture: upright, upside down, or lying on one side, as telephones store what they take. ok is false if there is none that
// can be read.
func Read(img image.Image) (reading Reading, ok bool) {
	if b := img.Bounds(); b.Dx() < 100 || b.Dy() < 30 {
		return Reading{}, false
	}
	p := grayOf(img)
	best := candidate{score: plausible, budget: effort}
	side := p.onItsSide()
	for _, turned := range []picture{p, p.turned(), side, side.turned()} {
		if best.search(turned); best.sure() {
			break
		}
	}
	if best.text == "" || best.checked && best.least < doubtful {
		return Reading{}, false
	}
	return best.reading(), true
}

// candidate is the best text so far.
type candidate struct {
	layout    layout
	text      string
	score     float64 // mean of the logarithms
	least     float64 // the probability of the least likely character
	checked   bool
	corrected bool // the check digits have chosen among characters that were not clear
	budget    int  // of effort, that is left
}

func (c *candidate) sure() bool { return c.checked && !c.corrected && c.least >= relied }

func (c *candidate) reading() Reading {
	r := Reading{Format: c.layout.format, Confidence: c.least, CheckDigits: c.sure()}
	for i := range c.layout.lines {
		r.Lines = append(r.Lines, c.text[i*c.layout.width:(i+1)*c.layout.width])
	}
	return r
}

// search looks for a zone in a picture that is nearly upright.
func (c *candidate) search(p picture) {
	soft := p.smoothed()
	for _, window := range []int{max(p.w/50, 9), max(p.w/24, 9)} {
		found := edges(p, soft.ink(window))
		if len(found) < 100 {
			continue
		}
		angle := slope(found, p.h)
		groups := zones(bands(found, angle, p.h))
		for _, group := range groups[:min(len(groups), most)] {
			c.consider(p, group, angle)
			if c.sure() {
				return
			}
		}
	}
}

// consider reads a group of lines as each format that it may have. Where characters begin and end is seen only roughly: heights a little smaller
// and larger are tried, too, until a text is sure.
func (c *candidate) consider(p picture, group []band, angle float64) {
	height := 0.0
	for _, b := range group {
		height = math.Max(height, b.height())
	}
	for _, factor := range []float64{1, 0.92, 1.09} {
		if mean := c.fit(p, group, angle, height*factor); c.sure() || mean < 2*plausible {
			return
		}
	}
}

// fit reads a group of lines with characters of a height, and returns how likely the text is: a mean of logarithms.
func (c *candidate) fit(p picture, group []band, angle, height float64) (mean float64) {
	mean = math.Inf(-1)
	if c.budget < gridding {
		return mean
	}
	strips := make([]strip, len(group))
	left, right := group[0].left, group[0].right
	for _, b := range group {
		left, right = math.Min(left, b.left), math.Max(right, b.right)
	}
	for i, b := range group {
		b.top, b.bottom, b.left, b.right = b.middle()-height/2, b.middle()+height/2, left, right
		strips[i] = stripOf(p, b, angle)
		if strips[i].w < 100 || strips[i].w > 6000 {
			return mean
		}
	}
	for _, l := range layouts {
		if l.lines != len(group) {
			continue
		}
		if c.budget -= gridding; c.budget < 0 {
			return mean
		}
		all := make(likely, 0, l.lines*l.width)
		x0, pitch := grid(strips, l.width)
		for _, s := range strips {
			found := s.characters(s.bend(x0, pitch, l.width), &c.budget)
			if found == nil {
				break
			}
			all = append(all, found...)
		}
		if len(all) < l.lines*l.width {
			continue
		}
		mean = math.Max(mean, c.read(l, all))
	}
	return mean
}

// read keeps the text of a layout if it is more likely than the one so far, and returns how likely it is.
func (c *candidate) read(l layout, p likely) (mean float64) {
	text, score := l.free(p)
	checked := l.valid(text)
	corrected := false
	if other, otherScore, ok := l.checked(p); ok && !checked && score-otherScore < forced {
		text, score, checked, corrected = other, otherScore, true, true
	}
	if mean = score / float64(len(p)); mean <= c.score {
		return mean
	}
	least := 0.0
	for i := range p {
		least = math.Min(least, l.belief(p, text, i))
	}
	*c = candidate{layout: l, text: text, score: mean, least: math.Exp(least), checked: checked, corrected: corrected, budget: c.budget}
	return mean
}

// belief is the logarithm of how likely a character is among those that are allowed in its place. A check digit rules out most others where it covers
// the place; those that it counts alike (0, A, K and U) it does not.
func (l layout) belief(p likely, text string, i int) float64 {
	all, alike, own := 0.0, 0.0, 0.0
	for k := range alphabet {
		c := alphabet[k]
		if !l.permits(i, c) {
			continue
		}
		e := math.Exp(float64(p[i][k]))
		all += e
		if value(c)%10 == value(text[i])%10 {
			alike += e
		}
		if c == text[i] {
			own = e
		}
	}
	log := func(of float64) float64 { return math.Log(math.Max(own/math.Max(of, 1e-12), 1e-9)) }
	if weight, check, _ := l.role(i); weight > 0 || check || i == l.last {
		return math.Min(log(alike), log(all)/2)
	}
	return log(all)
}

// onItsSide is the picture turned by a quarter, clockwise.
func (p picture) onItsSide() picture {
	t := newPicture(p.h, p.w)
	for y := range p.h {
		for x, v := range p.pix[y*p.w : (y+1)*p.w] {
			t.pix[x*t.w+t.w-1-y] = v
		}
	}
	return t
}

// turned is the picture upside down.
func (p picture) turned() picture {
	t := newPicture(p.w, p.h)
	for i, v := range p.pix {
		t.pix[len(p.pix)-1-i] = v
	}
	return t
}
