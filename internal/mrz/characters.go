package mrz

import "math"

// Places that are tried for each character: its cell moved along the line by so many twelfths, and the line moved down by so many rows.
const sideways = 3

var downward = []int{0, -2, 2}

// characters returns how likely each character is in each cell of a line. Ink alone does not determine the cells of thin
// characters: each cell is tried at several places, and those are chosen at which the characters are the clearest
// overall and neighbours agree. It returns nil for what is not text, and when more has been examined than a document
// needs.
func (s strip) characters(boundaries []float64, budget *int) likely {
	if *budget -= len(boundaries); *budget < 0 || s.clarity(boundaries) < unclear {
		return nil
	}
	var best likely
	highest := math.Inf(-1)
	for _, rows := range downward {
		if *budget -= (2*sideways + 1) * len(boundaries); *budget < 0 {
			return nil
		}
		found, score := s.along(boundaries, rows)
		if score > highest {
			best, highest = found, score
		}
		if highest > -0.12*float64(len(found)) {
			break
		}
	}
	return best
}

// Bounds of what is examined.
const (
	unclear  = -1.3   // mean logarithm of the likeliest characters: what is less clear is no text
	effort   = 24_000 // for one picture, in cells that are examined: a page full of text is abandoned after that
	gridding = 600    // of fitting a grid into lines
)

// clarity is how clear the characters of a line are where its cells are now: a mean of logarithms.
func (s strip) clarity(boundaries []float64) float64 {
	sum := 0.0
	var in [inputs]float32
	for k := range len(boundaries) - 1 {
		s.cell(boundaries[k], boundaries[k+1], 0, &in)
		highest := float32(math.Inf(-1))
		for _, v := range net().scores(&in) {
			highest = max(highest, v)
		}
		sum += float64(highest)
	}
	return sum / float64(len(boundaries)-1)
}

// along tries the cells of a line at one height.
func (s strip) along(boundaries []float64, rows int) (found likely, score float64) {
	const places = 2*sideways + 1
	n := len(boundaries) - 1
	tried := make([][places][len(alphabet)]float32, n)
	cost, from := make([][places]float64, n), make([][places]int, n)
	var in [inputs]float32
	for k := range n {
		step := (boundaries[k+1] - boundaries[k]) / 12
		for o := range places {
			move := float64(o-sideways) * step
			s.cell(boundaries[k]+move, boundaries[k+1]+move, rows, &in)
			tried[k][o] = net().scores(&in)
			clear := math.Inf(-1)
			for _, v := range tried[k][o] {
				clear = math.Max(clear, float64(v))
			}
			cost[k][o] = clear
			if k == 0 {
				continue
			}
			before := math.Inf(-1)
			for b := max(0, o-2); b <= min(places-1, o+2); b++ {
				if c := cost[k-1][b] - 0.04*float64((o-b)*(o-b)); c > before {
					before, from[k][o] = c, b
				}
			}
			cost[k][o] += before
		}
	}
	last := 0
	for o := range places {
		if cost[n-1][o] > cost[n-1][last] {
			last = o
		}
	}
	score = cost[n-1][last]
	found = make(likely, n)
	for k := n - 1; k >= 0; k-- {
		found[k] = tried[k][last]
		last = from[k][last]
	}
	return found, score
}
