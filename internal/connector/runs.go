package connector

// Bounds of what is read as base64 or hex.
const (
	shortestRun = shortestSecret * 8 / 6 // characters of base64 that the shortest secret has, but for one that is cut off
	mostBetween = 4                      // characters between two digits of hex
)

// gap stands between texts that were beside each other in none. It is no part of a text in UTF-8.
const gap = '\xff'

// sextet is the value of a character of base64, in either alphabet; 64: it is none.
var sextet = func() (table [256]byte) {
	for i := range table {
		table[i] = 64
	}
	for i, char := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[char] = byte(i)
	}
	table['-'], table['_'] = 62, 63
	return table
}()

// code is a way to write bytes.
type code struct {
	value    *[256]byte // of a character; none has as many bits
	bits     int        // of a character
	shifts   int        // characters that may stand before those of a text without being a part of it
	shortest int        // characters of a text
	next     func(text string, at int) int
}

var codes = []*code{
	{&sextet, 6, 4, shortestRun, nextOfBase64},
	{&hexDigit, 4, 2, 2 * shortestSecret, nextOfHex},
}

// run is a part of a view that may be in a code.
type run struct {
	code        *code
	from, until int
	end         int // with what fills it up
}

// runs are the parts of a view that may be in a code. Of a view that was made of another one, only those that this one did not have.
func (v *view) runs() (all []run) {
	for _, c := range codes {
		for at := 0; at < len(v.text); {
			if c.value[v.text[at]]>>c.bits > 0 {
				at++
				continue
			}
			one, count := run{code: c, from: at}, 0
			for next := at; next >= 0; next = c.next(v.text, at) {
				at, count = next+1, count+1
			}
			one.until, one.end = at, at
			for c.bits == 6 && one.end < min(len(v.text), at+2) && v.text[one.end] == '=' {
				one.end++
			}
			if count >= c.shortest && v.isFresh(one.from, one.end) {
				all = append(all, one)
			}
		}
	}
	return all
}

// nextOfBase64 is where the next character of a run is, here or in the next line; -1: there is none.
func nextOfBase64(text string, at int) int {
	if at < len(text) && sextet[text[at]] < 64 {
		return at
	}
	lines := 0
	for ; at < len(text); at++ {
		switch text[at] {
		case '\r', '\n':
			lines++
		case ' ', '\t':
		default:
			if lines > 0 && sextet[text[at]] < 64 {
				return at
			}
			return -1
		}
	}
	return -1
}

// nextOfHex is where the next digit of a run is, with a little before it; -1: there is none.
func nextOfHex(text string, at int) int {
	for last := at + mostBetween; at < len(text) && at <= last; at++ {
		if hexDigit[text[at]] < 16 && (text[at] != '0' || at+1 == len(text) || text[at+1] != 'x') {
			return at
		}
		switch text[at] {
		case ' ', '+', '\t', '\r', '\n', ':', ';', ',', '.', '-', '_':
		case '0': // of 0x
			at++
		default:
			return -1
		}
	}
	return -1
}

// decoded are the bytes that runs stand for, when so many characters before them are no part of a text.
func (v *view) decoded(all []run, shift int) *view {
	size := 0
	for _, one := range all {
		size += (one.until-one.from)*one.code.bits/8 + 1
	}
	to, text := viewOf(size), make([]byte, 0, size)
	for _, one := range all {
		if shift >= one.code.shifts {
			continue
		}
		held, have, begin, skip := 0, 0, 0, shift
		for at := one.from; at >= 0 && at < one.until; at = one.code.next(v.text, at+1) {
			if skip--; skip >= 0 {
				continue
			}
			if have == 0 {
				begin = at
			}
			held = held<<one.code.bits | int(one.code.value[v.text[at]])
			if have += one.code.bits; have < 8 {
				continue
			}
			have -= 8
			text = append(text, byte(held>>have))
			held &= 1<<have - 1
			end := at
			if at == one.until-1 {
				end = one.end - 1
			}
			to.add(v.begin(begin), v.end(end))
			begin = at
		}
		text = append(text, gap)
		to.add(v.begin(one.end-1), v.end(one.end-1))
	}
	to.text = string(text)
	return to
}
