package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// JSONFault is something in a JSON text that decoders take in different ways, with its place and without a value.
type JSONFault struct {
	Path          string // input.email
	Line, Column  int    // from 1; the column in bytes
	Code, Message string
}

// JSONFaults finds what the standard library's decoder accepts silently and others do not: bytes that are not UTF-8 (RFC
// 8259 8.1) and halves of surrogate pairs, which it replaces by U+FFFD so that a value passes every block list; names
// that an object has twice, of which it takes the last; NUL, which is invisible; numbers that it rounds to others; and
// more than MaxJSONDepth levels, which it writes and may not read back once they are nested in another value. Every
// entry point for JSON calls it before decoding. Text that is not JSON at all is left to the decoder: it has no faults
// here.
func JSONFaults(text []byte) []JSONFault {
	var room [16]spot
	s := jsonScanner{text: text, spots: room[:0]}
	if !utf8.Valid(text) {
		for s.at < len(text) {
			r, width := utf8.DecodeRune(text[s.at:])
			if r == utf8.RuneError && width == 1 {
				break
			}
			s.at += width
		}
		s.fault("encoding", "the JSON is not valid UTF-8")
		return s.found
	}
	s.value(0)
	return s.found
}

// MaxJSONDepth is how deeply objects and lists in input may be nested.
const MaxJSONDepth = 64

const maxJSONFaults = 100

// Codes of faults that are no question of JSON: every reader takes the text in the same way, and we do not take it.
const (
	tooDeep = "too_deep" // more than MaxJSONDepth levels
	inexact = "inexact"  // a number that a float64 rounds to another one
)

// Legible reports whether JSON with this fault is read by all in the same way, so that only we do not take it.
func (f JSONFault) Legible() bool { return f.Code == tooDeep || f.Code == inexact }

// Inexact reports whether it is a number that a float64 rounds to another one.
func (f JSONFault) Inexact() bool { return f.Code == inexact }

// ExactNumber parses a number as JSON has it; false when a float64 rounds it to another one.
func ExactNumber(text string) (float64, bool) {
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil && exactNumber([]byte(text))
}

// spot is a step to where a value stands.
type spot struct {
	name  []byte
	index int // of an element; -1: a member
}

type jsonScanner struct {
	text  []byte
	at    int
	spots []spot
	found []JSONFault
}

func (s *jsonScanner) path() string {
	path := ""
	for _, one := range s.spots {
		if one.index >= 0 {
			path += "[" + strconv.Itoa(one.index) + "]"
		} else {
			path = Join(path, string(one.name))
		}
	}
	return path
}

// within passes over a value one step further down.
func (s *jsonScanner) within(step spot, depth int) bool {
	s.spots = append(s.spots, step)
	ok := s.value(depth + 1)
	s.spots = s.spots[:len(s.spots)-1]
	return ok
}

func (s *jsonScanner) fault(code, message string) {
	if len(s.found) >= maxJSONFaults {
		return
	}
	before := s.text[:s.at]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	s.found = append(s.found, JSONFault{s.path(), line, column, code, message})
}

// next is the byte after spaces; 0 at the end.
func (s *jsonScanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// value passes over a value; false where the text cannot be gone on with.
func (s *jsonScanner) value(depth int) bool {
	switch c := s.next(); c {
	case '{', '[':
		if depth >= MaxJSONDepth {
			s.fault(tooDeep, "more than "+strconv.Itoa(MaxJSONDepth)+" objects and lists lie within each other here")
			return false
		}
		if c == '[' {
			return s.list(depth)
		}
		return s.object(depth)
	case '"':
		_, ok := s.quoted()
		return ok
	case 0:
		return false
	}
	begin := s.at
	for ; s.at < len(s.text); s.at++ { // of a number, or of true, false and null
		if c := s.text[s.at]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '+' && c != 'E' {
			break
		}
	}
	if end := s.at; end > begin && !exactNumber(s.text[begin:end]) {
		s.at = begin
		s.fault(inexact, "this number cannot be represented exactly (limit 2^53); write it as text, or use other units")
		s.at = end
	}
	return s.at > begin
}

// maxExact is the largest whole number that a float64 holds and that no other whole number is rounded to.
const maxExact = 1<<53 - 1

// exactNumber reports whether a number as JSON has it is one that a float64 holds: within 2^53, and not so small that it
// becomes 0. What is no number is not judged, and fractions are what everybody's are.
func exactNumber(text []byte) bool {
	if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') || len(text) <= 15 && !bytes.ContainsAny(text, "eE") {
		return true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return !errors.Is(err, strconv.ErrRange)
	}
	mantissa, _, _ := bytes.Cut(bytes.ToLower(text), []byte("e"))
	return math.Abs(f) <= maxExact && (f != 0 || !bytes.ContainsAny(mantissa, "123456789"))
}

func (s *jsonScanner) list(depth int) bool {
	s.at++
	for i := 0; ; i++ {
		if s.next() == ']' {
			s.at++
			return true
		}
		if !s.within(spot{nil, i}, depth) {
			return false
		}
		if s.next() == ',' {
			s.at++
		} else if s.next() != ']' {
			return false
		}
	}
}

// few is how many names are compared one by one.
const few = 16

func (s *jsonScanner) object(depth int) bool {
	s.at++
	var room [few][]byte
	names, many := room[:0], map[string]bool(nil)
	for {
		switch s.next() {
		case '}':
			s.at++
			return true
		case '"':
		default:
			return false
		}
		begin := s.at
		name, ok := s.quoted()
		if !ok || s.next() != ':' {
			return false
		}
		twice := many[string(name)]
		for _, other := range names {
			twice = twice || bytes.Equal(other, name)
		}
		if twice {
			end := s.at
			s.at = begin
			s.spots = append(s.spots, spot{name, -1})
			s.fault("duplicate", "the object has this name twice")
			s.spots = s.spots[:len(s.spots)-1]
			s.at = end
		}
		if len(names) < few {
			names = append(names, name)
		} else {
			if many == nil {
				many = make(map[string]bool, 2*few)
			}
			many[string(name)] = true
		}
		s.at++
		if !s.within(spot{name, -1}, depth) {
			return false
		}
		if s.next() == ',' {
			s.at++
		} else if s.next() != '}' {
			return false
		}
	}
}

// quoted reads a string literal and returns its contents.
func (s *jsonScanner) quoted() ([]byte, bool) {
	begin, plain := s.at, true
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '"':
			s.at++
			if plain {
				return s.text[begin+1 : s.at-1], true
			}
			var text string
			err := json.Unmarshal(s.text[begin:s.at], &text)
			return []byte(text), err == nil
		case '\\':
			plain = false
			s.escape()
		}
	}
	return nil, false
}

// escape passes over the backslash of an escape, and what must stay with it.
func (s *jsonScanner) escape() {
	code, ok := s.unit(s.at)
	switch {
	case !ok:
		s.at++ // the sign after the backslash
		return
	case code == 0:
		s.fault("control", "a text has no NUL")
	case code >= 0xdc00 && code <= 0xdfff:
		s.fault("encoding", "this is an unpaired surrogate")
	case code >= 0xd800 && code <= 0xdbff:
		if low, ok := s.unit(s.at + 6); !ok || low < 0xdc00 || low > 0xdfff {
			s.fault("encoding", "this is an unpaired surrogate")
		} else {
			s.at += 6
		}
	}
	s.at += 5
}

// unit reads \u and four digits.
func (s *jsonScanner) unit(at int) (uint64, bool) {
	if at+6 > len(s.text) || s.text[at] != '\\' || s.text[at+1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(string(s.text[at+2:at+6]), 16, 32)
	return code, err == nil
}
