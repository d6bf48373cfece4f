package mrz

import (
	"math"
	"slices"
)

// band is a line of text in a picture that is turned by an angle: from top to bottom in the turned picture, left to right along it.
type band struct {
	top, bottom float64
	left, right float64
	weight      float64
}

func (b band) height() float64 { return b.bottom - b.top }
func (b band) middle() float64 { return (b.top + b.bottom) / 2 }

// edge is where ink ends, from left to right: each character has some, and a picture or a pattern few that are in lines.
type edge struct{ x, y float64 }

// edges of the ink of a picture.
func edges(p picture, ink []bool) (found []edge) {
	for y := range p.h {
		row := ink[y*p.w : (y+1)*p.w]
		run := 0
		for x, dark := range row {
			if dark {
				run++
				continue
			}
			if run > 0 && run < 40 { // a wider run is no stroke
				found = append(found, edge{float64(x) - float64(run)/2, float64(y)})
			}
			run = 0
		}
	}
	return found
}

// slope is the angle by which the lines of text are turned, in radians: that at which edges are most aligned.
func slope(found []edge, h int) float64 {
	best, most := 0.0, -1.0
	try := func(angle float64) {
		if score := rowScore(found, angle, h); score > most {
			best, most = angle, score
		}
	}
	const degree = math.Pi / 180
	for angle := -12.0; angle <= 12; angle += 0.5 {
		try(angle * degree)
	}
	middle := best
	for angle := -0.5; angle <= 0.5; angle += 0.1 {
		try(middle + angle*degree)
	}
	return best
}

// rows counts the edges of each row of a picture that is turned by an angle. Rows begin h pixels above it, for corners turn out of it.
func rows(found []edge, angle float64, h int) []float64 {
	sin, cos := math.Sincos(angle)
	counts := make([]float64, 3*h)
	for _, e := range found {
		if r := int(e.y*cos-e.x*sin) + h; r >= 0 && r < len(counts) {
			counts[r]++
		}
	}
	return counts
}

func rowScore(found []edge, angle float64, h int) float64 {
	counts := rows(found, angle, h)
	sum := 0.0
	for i := 1; i < len(counts); i++ {
		sum += (counts[i] - counts[i-1]) * (counts[i] - counts[i-1])
	}
	return sum
}

// bands are the lines of text in a picture that is turned by an angle, from top to bottom.
func bands(found []edge, angle float64, h int) []band {
	counts := rows(found, angle, h)
	smooth := make([]float64, len(counts))
	highest := 0.0
	for i := range counts {
		n := 0.0
		for k := max(0, i-1); k <= min(len(counts)-1, i+1); k++ {
			smooth[i] += counts[k]
			n++
		}
		smooth[i] /= n
		highest = math.Max(highest, smooth[i])
	}
	var list []band
	for i := 0; i < len(smooth); {
		limit := math.Max(highest*0.16, 6)
		if smooth[i] < limit {
			i++
			continue
		}
		from, peak := i, 0.0
		for ; i < len(smooth) && smooth[i] >= limit; i++ {
			peak = math.Max(peak, smooth[i])
		}
		top, bottom := from, i
		for top < bottom && smooth[top] < peak*0.35 {
			top++
		}
		for bottom > top && smooth[bottom-1] < peak*0.35 {
			bottom--
		}
		if bottom-top >= 5 {
			list = append(list, band{top: float64(top - h), bottom: float64(bottom - h), weight: peak})
		}
	}
	sin, cos := math.Sincos(angle)
	for i := range list {
		list[i].extent(found, sin, cos)
	}
	return list
}

// extent finds where a line begins and ends: at the edges of the longest stretch without a gap that is wider than three characters.
func (b *band) extent(found []edge, sin, cos float64) {
	var along []float64
	for _, e := range found {
		if r := e.y*cos - e.x*sin; r >= b.top && r < b.bottom {
			along = append(along, e.x*cos+e.y*sin)
		}
	}
	slices.Sort(along)
	gap := 3 * b.height()
	best, from := 0, 0
	for i := range along {
		if i > 0 && along[i]-along[i-1] > gap {
			from = i
		}
		if n := i - from; n >= best {
			best = n
			b.left, b.right = along[from], along[i]
		}
	}
}

// zones are groups of two or three lines that may be a zone: of about one height and length, at about one distance. Those further down come first.
func zones(list []band) (groups [][]band) {
	like := func(a, b band) bool {
		ratio, apart := a.height()/b.height(), (b.middle()-a.middle())/math.Max(a.height(), b.height())
		overlap := math.Min(a.right, b.right) - math.Max(a.left, b.left)
		return ratio > 0.6 && ratio < 1.67 && apart > 1.3 && apart < 4.5 && overlap > 0.75*math.Max(a.right-a.left, b.right-b.left)
	}
	wide := func(b band) bool { return (b.right-b.left)/b.height() > 18 }
	for i := len(list) - 1; i >= 0; i-- {
		for j := i - 1; j >= max(0, i-3); j-- {
			if !wide(list[i]) || !wide(list[j]) || !like(list[j], list[i]) {
				continue
			}
			groups = append(groups, []band{list[j], list[i]})
			for k := j - 1; k >= max(0, j-3); k-- {
				if even := (list[j].middle() - list[k].middle()) / (list[i].middle() - list[j].middle()); wide(list[k]) && like(list[k], list[j]) && even > 0.8 && even < 1.25 {
					groups = append(groups, []band{list[k], list[j], list[i]})
				}
			}
		}
	}
	return groups
}
