package mrz

import (
	"image"
	"image/draw"
	"math"
)

// picture is a picture in shades of gray: 0 is black.
type picture struct {
	w, h int
	pix  []float32
}

func newPicture(w, h int) picture { return picture{w, h, make([]float32, w*h)} }

// longest is how many pixels the longer side of a picture has at most, for the search.
const longest = 1600

// grayOf takes the colours of an image, and makes it smaller where it is large.
func grayOf(img image.Image) picture {
	b := img.Bounds()
	gray, ok := img.(*image.Gray)
	if !ok {
		gray = image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(gray, gray.Bounds(), img, b.Min, draw.Src)
	}
	scale := math.Max(1, float64(max(b.Dx(), b.Dy()))/longest)
	p := newPicture(int(float64(b.Dx())/scale), int(float64(b.Dy())/scale))
	origin := gray.Bounds().Min
	for y := range p.h {
		y0, y1 := int(float64(y)*scale), max(int(float64(y)*scale)+1, int(float64(y+1)*scale))
		for x := range p.w {
			x0, x1 := int(float64(x)*scale), max(int(float64(x)*scale)+1, int(float64(x+1)*scale))
			sum, n := 0, 0
			for yy := y0; yy < y1 && yy < b.Dy(); yy++ {
				row := gray.Pix[gray.PixOffset(origin.X+x0, origin.Y+yy):]
				for xx := range min(x1, b.Dx()) - x0 {
					sum += int(row[xx])
					n++
				}
			}
			p.pix[y*p.w+x] = float32(sum) / float32(max(n, 1))
		}
	}
	return p
}

// at is the shade between pixels; outside, that of the nearest one.
func (p picture) at(x, y float64) float32 {
	x, y = math.Min(math.Max(x, 0), float64(p.w-1)), math.Min(math.Max(y, 0), float64(p.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, p.w-1), min(y0+1, p.h-1)
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	top := p.pix[y0*p.w+x0]*(1-fx) + p.pix[y0*p.w+x1]*fx
	bottom := p.pix[y1*p.w+x0]*(1-fx) + p.pix[y1*p.w+x1]*fx
	return top*(1-fy) + bottom*fy
}

// smoothed is the picture with each pixel the mean of the nine around it: noise is a third of what it was.
func (p picture) smoothed() picture {
	out := newPicture(p.w, p.h)
	for y := range p.h {
		y0, y1 := max(0, y-1)*p.w, min(p.h-1, y+1)*p.w
		for x := range p.w {
			x0, x1 := max(0, x-1), min(p.w-1, x+1)
			sum := p.pix[y0+x0] + p.pix[y0+x] + p.pix[y0+x1] + p.pix[y*p.w+x0] + p.pix[y*p.w+x] + p.pix[y*p.w+x1] + p.pix[y1+x0] + p.pix[y1+x] + p.pix[y1+x1]
			out.pix[y*p.w+x] = sum / 9
		}
	}
	return out
}

// noise is about how much a pixel differs from its neighbour in the background: the median.
func (p picture) noise() float64 {
	var counts [256]int
	n := 0
	for y := 0; y < p.h; y += 3 {
		for x := 1; x < p.w; x += 2 {
			d := p.pix[y*p.w+x] - p.pix[y*p.w+x-1]
			counts[min(int(math.Abs(float64(d))*8), 255)]++
			n++
		}
	}
	sum := 0
	for d, c := range counts {
		if sum += c; 2*sum >= n {
			return float64(d+1) / 8
		}
	}
	return 0
}

// ink marks what is darker than its surroundings: those of a window of so many pixels.
func (p picture) ink(window int) []bool {
	sums := make([]float64, (p.w+1)*(p.h+1))
	for y := range p.h {
		row := 0.0
		for x := range p.w {
			row += float64(p.pix[y*p.w+x])
			sums[(y+1)*(p.w+1)+x+1] = sums[y*(p.w+1)+x+1] + row
		}
	}
	least := 3 + 4*p.noise()
	marked := make([]bool, p.w*p.h)
	half := window / 2
	for y := range p.h {
		y0, y1 := max(0, y-half), min(p.h, y+half+1)
		for x := range p.w {
			x0, x1 := max(0, x-half), min(p.w, x+half+1)
			mean := (sums[y1*(p.w+1)+x1] - sums[y0*(p.w+1)+x1] - sums[y1*(p.w+1)+x0] + sums[y0*(p.w+1)+x0]) / float64((y1-y0)*(x1-x0))
			marked[y*p.w+x] = float64(p.pix[y*p.w+x]) < mean-math.Max(0.12*mean, least)
		}
	}
	return marked
}
