package mrz

import "math"

// likely is how likely each character is at each position: logarithms, by position and place in the alphabet.
type likely [][len(alphabet)]float32

// free is the most likely text of a layout, whatever its check digits are.
func (l layout) free(p likely) (text string, score float64) {
	out := make([]byte, len(p))
	for i := range p {
		best := float32(math.Inf(-1))
		for k := range alphabet {
			if c := alphabet[k]; l.permits(i, c) && p[i][k] > best {
				best, out[i] = p[i][k], c
			}
		}
		score += float64(best)
	}
	return string(out), score
}

// state is the state of a text that is being composed: the sums of its check digits, modulo ten, and whether the field has had a character.
type state struct{ field, composite, filled int }

const states = 200

func (s state) number() int    { return s.field*20 + s.composite*2 + s.filled }
func stateOf(number int) state { return state{number / 20, number / 2 % 10, number % 2} }

// checked is the most likely text of a layout whose check digits all agree; not ok if there is none.
func (l layout) checked(p likely) (text string, score float64, ok bool) {
	composite := l.compositeWeights()
	n := len(p)
	cost := make([][states]float64, n+1)
	from := make([][states]struct {
		state int
		char  byte
	}, n+1)
	for i := range cost {
		for s := range cost[i] {
			cost[i][s] = math.Inf(-1)
		}
	}
	cost[0][0] = 0
	// The composite digit of TD1 stands before the name: the order of positions is that of the text, and after it the sum is no longer used.
	for i := range n {
		weight, check, begins := l.role(i)
		for s := range states {
			if math.IsInf(cost[i][s], -1) {
				continue
			}
			at := stateOf(s)
			if begins {
				at.field, at.filled = 0, 0
			}
			for k := range alphabet {
				c := alphabet[k]
				if !l.permits(i, c) {
					continue
				}
				if check && !(c == digits[at.field] || c == '<' && at.filled == 0) || i == l.last && c != digits[at.composite] {
					continue
				}
				next := at
				next.field = (at.field + weight*value(c)) % 10
				next.composite = (at.composite + composite[i]*value(c)) % 10
				if weight > 0 && c != '<' {
					next.filled = 1
				}
				if check {
					next.field, next.filled = 0, 0
				}
				if i == l.last {
					next.composite = 0
				}
				to := next.number()
				if sum := cost[i][s] + float64(p[i][k]); sum > cost[i+1][to] {
					cost[i+1][to] = sum
					from[i+1][to].state, from[i+1][to].char = s, c
				}
			}
		}
	}
	best := 0
	for s := range states {
		if cost[n][s] > cost[n][best] {
			best = s
		}
	}
	if math.IsInf(cost[n][best], -1) {
		return "", 0, false
	}
	out := make([]byte, n)
	score = cost[n][best]
	for i := n; i > 0; i-- {
		out[i-1] = from[i][best].char
		best = from[i][best].state
	}
	return string(out), score, true
}

// role of a position: its weight in the check digit of its field, whether it is such a digit, and whether a field begins there.
func (l layout) role(i int) (weight int, check, begins bool) {
	for _, f := range l.fields {
		switch {
		case i >= f[0] && i <= f[1]:
			return weightsOfDigits[(i-f[0])%3], false, i == f[0]
		case i == f[1]+1:
			return 0, true, false
		}
	}
	return 0, false, false
}
