package mrz

import "strings"

// Format is the size of a zone.
type Format string

// The formats of ICAO 9303, parts 4 to 6.
const (
	TD1 Format = "TD1" // three lines of 30: cards
	TD2 Format = "TD2" // two lines of 36: larger cards, visas
	TD3 Format = "TD3" // two lines of 44: passports
)

// layout defines which characters are allowed in each position, and which of them a check digit covers. Positions count through all lines.
type layout struct {
	format       Format
	lines, width int
	allowed      []string // by position
	fields       [][2]int // first and last position that a check digit covers, which stands after the last
	composite    [][2]int // ranges that the last check digit covers
	last         int      // where the composite check digit stands
	names        [2]int   // first and last position of the name
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	either  = digits + letters + "<"
)

// layouts are the three formats.
var layouts = []layout{
	newLayout(TD3, 2, 44, map[string][][2]int{
		"PV": {{0, 0}}, letters + "<": {{1, 43}, {54, 56}}, either: {{44, 52}, {72, 85}},
		digits + "<": {{57, 62}, {65, 70}, {86, 86}}, digits: {{53, 53}, {63, 63}, {71, 71}, {87, 87}}, "MFX<": {{64, 64}},
	}, [][2]int{{44, 52}, {57, 62}, {65, 70}, {72, 85}}, [][2]int{{44, 53}, {57, 63}, {65, 86}}, 87, [2]int{5, 43}),
	newLayout(TD2, 2, 36, map[string][][2]int{
		"ACIVP": {{0, 0}}, letters + "<": {{1, 35}, {46, 48}}, either: {{36, 44}, {64, 70}},
		digits + "<": {{49, 54}, {57, 62}, {45, 45}}, digits: {{55, 55}, {63, 63}, {71, 71}}, "MFX<": {{56, 56}},
	}, [][2]int{{36, 44}, {49, 54}, {57, 62}}, [][2]int{{36, 45}, {49, 55}, {57, 70}}, 71, [2]int{5, 35}),
	newLayout(TD1, 3, 30, map[string][][2]int{
		"ACI": {{0, 0}}, letters + "<": {{1, 4}, {45, 47}, {60, 89}}, either: {{5, 13}, {15, 29}, {48, 58}},
		digits + "<": {{30, 35}, {38, 43}, {14, 14}}, digits: {{36, 36}, {44, 44}, {59, 59}}, "MFX<": {{37, 37}},
	}, [][2]int{{5, 13}, {30, 35}, {38, 43}}, [][2]int{{5, 29}, {30, 36}, {38, 44}, {48, 58}}, 59, [2]int{60, 89}),
}

func newLayout(format Format, lines, width int, allowed map[string][][2]int, fields, composite [][2]int, last int, names [2]int) layout {
	l := layout{format: format, lines: lines, width: width, fields: fields, composite: composite, last: last, names: names}
	l.allowed = make([]string, lines*width)
	for set, ranges := range allowed {
		for _, r := range ranges {
			for i := r[0]; i <= r[1]; i++ {
				l.allowed[i] = set
			}
		}
	}
	return l
}

// permits reports whether a character is allowed in a position.
func (l layout) permits(i int, c byte) bool { return strings.IndexByte(l.allowed[i], c) >= 0 }

// value is what a character counts in a check digit.
func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 0
}

var weightsOfDigits = [3]int{7, 3, 1}

// weight of a position in the composite check digit; 0 outside of it.
func (l layout) compositeWeights() []int {
	result := make([]int, l.lines*l.width)
	n := 0
	for _, r := range l.composite {
		for i := r[0]; i <= r[1]; i++ {
			result[i] = weightsOfDigits[n%3]
			n++
		}
	}
	return result
}

// valid reports whether all check digits of a text agree. A document number whose check digit is a filler continues in the optional data, which
// is not supported: such a text is not valid here. A check digit of empty optional data may be a filler.
func (l layout) valid(text string) bool {
	for _, f := range l.fields {
		sum := 0
		for i := f[0]; i <= f[1]; i++ {
			sum += weightsOfDigits[(i-f[0])%3] * value(text[i])
		}
		check := text[f[1]+1]
		if check == '<' && strings.Trim(text[f[0]:f[1]+1], "<") == "" {
			continue
		}
		if check != digits[sum%10] {
			return false
		}
	}
	sum := 0
	for i, w := range l.compositeWeights() {
		sum += w * value(text[i])
	}
	return text[l.last] == digits[sum%10]
}
