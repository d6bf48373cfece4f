package mrz

import (
	"math"
	"slices"
)

// A strip is a line of text, turned upright, of which characters are capHeight rows high, with as many rows above and below.
const (
	capHeight   = 20
	stripHeight = 2 * capHeight
	capTop      = 10 // row in which characters begin
	cellWidth   = 16
	cellHeight  = 24
	cellTop     = 8 // row of the strip in which a cell begins
	inputs      = cellWidth * cellHeight
	narrowest   = 16.5 // width of a character, with the space beside it
	widest      = 26.5
)

type strip struct {
	w   int
	pix []float32 // darkness by row, 0 to 1
}

// stripOf cuts a line out of a picture, with some space at both ends.
func stripOf(p picture, b band, angle float64) strip {
	scale := b.height() / capHeight
	room := 2 * b.height()
	from, to := b.left-room, b.right+room
	s := strip{w: int((to - from) / scale)}
	s.pix = make([]float32, s.w*stripHeight)
	sin, cos := math.Sincos(angle)
	for y := range stripHeight {
		r := b.top + (float64(y)-capTop+0.5)*scale - 0.5
		for x := range s.w {
			along := from + float64(x)*scale
			s.pix[y*s.w+x] = p.at(along*cos-r*sin, along*sin+r*cos)
		}
	}
	s.darkness()
	return s
}

// darkness makes shades comparable: 0 is the ground around a place, 1 the darkest ink there, whatever the light is.
func (s *strip) darkness() {
	const step, reach = 10, 60
	n := s.w/step + 1
	ground, ink := make([]float32, n), make([]float32, n)
	values := make([]float32, 0, stripHeight*2*reach/2)
	for k := range n {
		values = values[:0]
		for x := max(0, k*step-reach); x < min(s.w, k*step+reach); x += 2 {
			for y := cellTop - 4; y < cellTop+cellHeight+4; y += 2 {
				values = append(values, s.pix[y*s.w+x])
			}
		}
		slices.Sort(values)
		if len(values) > 0 {
			ground[k], ink[k] = values[len(values)*85/100], values[len(values)*4/100]
		}
	}
	for y := range stripHeight {
		for x := range s.w {
			k, f := x/step, float32(x%step)/step
			next := min(k+1, n-1)
			g, i := ground[k]*(1-f)+ground[next]*f, ink[k]*(1-f)+ink[next]*f
			d := (g - s.pix[y*s.w+x]) / max(g-i, 8)
			s.pix[y*s.w+x] = min(max(d, 0), 1)
		}
	}
}

// columns is how much ink each column of the characters' rows has. A column that is dark above and below them, too, is not text: it is the
// edge of the page, or what is beside it.
func (s strip) columns() []float64 {
	sums := make([]float64, s.w)
	defer func() {
		for x := range s.w {
			outside := float32(0)
			for _, y := range []int{2, 3, 4, 5, 6, 33, 34, 35, 36, 37} {
				outside += s.pix[y*s.w+x]
			}
			if outside > 5 {
				sums[x] = 0
			}
		}
	}()
	for y := capTop - 1; y <= capTop+capHeight; y++ {
		for x := range s.w {
			sums[x] += float64(s.pix[y*s.w+x])
		}
	}
	return sums
}

// inkAt is how much ink about two columns at a place have.
func inkAt(sums []float64, x float64) float64 {
	i := int(x)
	if i < 1 || i+2 >= len(sums) {
		return 0
	}
	f := x - float64(i)
	return sums[i-1]*(1-f)/2 + sums[i]*(1-f/2) + sums[i+1]*f
}

// grid fits n cells of one width into lines that begin at one place: the n+1 boundaries are where the least ink of all lines is, and as little of
// it as possible is outside.
func grid(strips []strip, n int) (x0, pitch float64) {
	sums := make([]float64, strips[0].w)
	for _, s := range strips {
		for x, sum := range s.columns() {
			sums[x] += sum
		}
	}
	total := make([]float64, len(sums)+1)
	for x, sum := range sums {
		total[x+1] = total[x] + sum
	}
	within := func(from, to float64) float64 {
		a, b := min(max(int(from), 0), len(sums)), min(max(int(to), 0), len(sums))
		return total[max(a, b)] - total[a]
	}
	best := math.Inf(1)
	everything := within(0, float64(len(sums)))
	for p := narrowest; p <= widest; p += 0.06 {
		span := float64(n) * p
		for x := math.Min(-p, float64(len(sums))-span-p); x <= math.Max(float64(len(sums))-span, 0)+p; x++ {
			sum := 0.6 * (everything - within(x, x+span))
			for k := 0; k <= n && sum < best; k++ {
				sum += inkAt(sums, x+float64(k)*p)
			}
			if sum < best {
				best, x0, pitch = sum, x, p
			}
		}
	}
	return x0, pitch
}

// bend moves the boundaries to where less ink is, each a little and not far from its neighbours: paper bends, and pictures are taken at an angle.
func (s strip) bend(x0, p float64, n int) []float64 {
	sums := s.columns()
	const most = 14 // steps to either side, of a 48th of a cell
	step := p / 48
	cost := make([][2*most + 1]float64, n+1)
	from := make([][2*most + 1]int, n+1)
	for k := range n + 1 {
		for o := range 2*most + 1 {
			ink := inkAt(sums, x0+float64(k)*p+float64(o-most)*step)
			if k == 0 {
				cost[k][o] = ink
				continue
			}
			cost[k][o] = math.Inf(1)
			for before := max(0, o-2); before <= min(2*most, o+2); before++ {
				if c := cost[k-1][before] + 0.25*float64((o-before)*(o-before)); c < cost[k][o] {
					cost[k][o], from[k][o] = c, before
				}
			}
			cost[k][o] += ink
		}
	}
	last := 0
	for o := range 2*most + 1 {
		if cost[n][o] < cost[n][last] {
			last = o
		}
	}
	boundaries := make([]float64, n+1)
	for k := n; k >= 0; k-- {
		boundaries[k] = x0 + float64(k)*p + float64(last-most)*step
		last = from[k][last]
	}
	return boundaries
}

// cell is what the network sees of a character; rows move down by so many.
func (s strip) cell(left, right float64, rows int, into *[inputs]float32) {
	width := (right - left) / cellWidth
	for x := range cellWidth {
		column := left + (float64(x)+0.5)*width - 0.5
		i := int(math.Floor(column))
		f := float32(column - float64(i))
		a, b := min(max(i, 0), s.w-1), min(max(i+1, 0), s.w-1)
		for y := range cellHeight {
			row := s.pix[(cellTop+rows+y)*s.w:]
			into[y*cellWidth+x] = row[a]*(1-f) + row[b]*f
		}
	}
}
