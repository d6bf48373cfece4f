package ledger

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"ballerine/internal/expr"
)

// decoder reads JSON as encoding/json reads it into an any, and only checks the syntax of values that are not needed. It
// reads only well-formed, plain input; everything else it leaves to encoding/json. Its result is valid until it is
// reset: its objects are reused.
type decoder struct {
	text string
	at   int

	objects []map[string]any
	taken   int // objects
}

// errNotPlain means that encoding/json should have a look.
var errNotPlain = errors.New("not plain")

// maxNesting is that of encoding/json.
const maxNesting = 10000

func (d *decoder) reset(text string) {
	d.text, d.at, d.taken = text, 0, 0
}

// object is an empty one.
func (d *decoder) object() map[string]any {
	if d.taken == len(d.objects) {
		d.objects = append(d.objects, map[string]any{})
	}
	o := d.objects[d.taken]
	clear(o)
	d.taken++
	return o
}

// spread reads an object and returns what is at a spot's members.
func (d *decoder) spread(spot *expr.Spot, into *expr.Values, depth int) error {
	if depth > maxNesting {
		return errNotPlain
	}
	return d.each('{', '}', func() error {
		name, err := d.name(true)
		if err != nil {
			return err
		}
		member := spot.Member(name)
		switch {
		case member == nil:
			err = d.skip(depth + 1)
		case member.Whole():
			var v any
			if v, err = d.value(depth + 1); err == nil {
				into.Set(member, v)
			}
		default:
			into.Set(member, nil)
			if d.next() == '{' {
				return d.spread(member, into, depth+1)
			}
			into.Blocked(member, d.next() == 'n')
			err = d.skip(depth + 1)
		}
		return err
	})
}

func (d *decoder) space() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\r', '\n':
			d.at++
		default:
			return
		}
	}
}

// next is the next byte, 0 at the end.
func (d *decoder) next() byte {
	if d.at < len(d.text) {
		return d.text[d.at]
	}
	return 0
}

// skip passes over a value, and checks it on the way. Most of what is exported is passed over.
func (d *decoder) skip(depth int) error {
	if depth > maxNesting {
		return errNotPlain
	}
	var err error
	switch c := d.next(); {
	case c == '"':
		_, _, err = d.quoted()
	case c == '{' || c == '[':
		err = d.skipAll(c == '{', c+2, depth) // '}' and ']' come two after their openers
	case c == '-' || c >= '0' && c <= '9':
		_, err = d.number(false)
	default:
		_, err = d.constant(c)
	}
	return err
}

// skipAll passes over the members of an object, or the elements of a list.
func (d *decoder) skipAll(object bool, end byte, depth int) error {
	d.at++
	if d.space(); d.next() == end {
		d.at++
		return nil
	}
	for {
		d.space()
		if object {
			if _, err := d.name(false); err != nil {
				return err
			}
		}
		if err := d.skip(depth + 1); err != nil {
			return err
		}
		d.space()
		c := d.next()
		if d.at++; c == end {
			return nil
		}
		if c != ',' {
			return errNotPlain
		}
	}
}

// constant reads true, false or null.
func (d *decoder) constant(first byte) (any, error) {
	switch first {
	case 't':
		return d.word("true", true)
	case 'f':
		return d.word("false", false)
	case 'n':
		return d.word("null", nil)
	}
	return nil, errNotPlain
}

// value reads the next value.
func (d *decoder) value(depth int) (any, error) {
	if depth > maxNesting {
		return nil, errNotPlain
	}
	switch c := d.next(); {
	case c == '"':
		return d.textValue()
	case c == '{':
		return d.members(depth)
	case c == '[':
		return d.elements(depth)
	case c == '-' || c >= '0' && c <= '9':
		return d.number(true)
	default:
		return d.constant(c)
	}
}

func (d *decoder) word(word string, value any) (any, error) {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return nil, errNotPlain
	}
	d.at += len(word)
	return value, nil
}

func (d *decoder) members(depth int) (any, error) {
	o := d.object()
	err := d.each('{', '}', func() error {
		name, err := d.name(true)
		if err != nil {
			return err
		}
		v, err := d.value(depth + 1)
		if err == nil {
			o[name] = v
		}
		return err
	})
	return o, err
}

// name reads a member's name and its colon; "" when it is not needed.
func (d *decoder) name(needed bool) (name string, err error) {
	if needed {
		name, err = d.string()
	} else {
		_, _, err = d.quoted()
	}
	if err != nil {
		return "", err
	}
	d.space()
	if d.next() != ':' {
		return "", errNotPlain
	}
	d.at++
	d.space()
	return name, nil
}

func (d *decoder) elements(depth int) (any, error) {
	list := []any{}
	err := d.each('[', ']', func() error {
		v, err := d.value(depth + 1)
		list = append(list, v)
		return err
	})
	return list, err
}

// each reads what stands between brackets, separated by commas.
func (d *decoder) each(begin, end byte, one func() error) error {
	if d.next() != begin {
		return errNotPlain
	}
	d.at++
	d.space()
	if d.next() == end {
		d.at++
		return nil
	}
	for {
		d.space()
		if err := one(); err != nil {
			return err
		}
		d.space()
		c := d.next()
		d.at++
		switch c {
		case end:
			return nil
		case ',':
		default:
			return errNotPlain
		}
	}
}

func (d *decoder) textValue() (any, error) {
	text, err := d.string()
	if err != nil {
		return nil, err
	}
	return text, nil
}

// string reads a text. One without escapes is a part of what is decoded.
func (d *decoder) string() (string, error) {
	begin := d.at
	plain, narrow, err := d.quoted()
	if err != nil {
		return "", err
	}
	return content(d.text[begin:d.at], plain, narrow)
}

// quoted passes over a text: plain without escapes, narrow when all of it is ASCII.
func (d *decoder) quoted() (plain, narrow bool, err error) {
	if d.next() != '"' {
		return false, false, errNotPlain
	}
	d.at++
	plain, narrow = true, true
	for d.at < len(d.text) {
		if d.at += ordinary(d.text[d.at:]); d.at == len(d.text) {
			break
		}
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return plain, narrow, nil
		case c == '\\':
			plain = false
			n := escape(d.text[d.at:])
			if n == 0 {
				return false, false, errNotPlain
			}
			d.at += n
		case c < ' ':
			return false, false, errNotPlain
		default:
			narrow = false
			d.at++
		}
	}
	return false, false, errNotPlain
}

// escape is how many bytes an escape has; 0 when it is none.
func escape(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
	default:
		return 0
	}
	if len(s) < 6 {
		return 0
	}
	for _, c := range []byte(s[2:6]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return 0
		}
	}
	return 6
}

// content of a text in its quotes.
func content(quoted string, plain, narrow bool) (string, error) {
	inner := quoted[1 : len(quoted)-1]
	if plain && (narrow || utf8.ValidString(inner)) {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return "", errNotPlain
	}
	return text, nil
}

// ordinary is how many leading bytes are ASCII letters, digits and signs that need no escape; it examines eight at a
// time.
func ordinary(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		w := uint64(s[n]) | uint64(s[n+1])<<8 | uint64(s[n+2])<<16 | uint64(s[n+3])<<24 | uint64(s[n+4])<<32 | uint64(s[n+5])<<40 | uint64(s[n+6])<<48 | uint64(s[n+7])<<56
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		if (w|(w-ones*' ')|(quote-ones)|(slash-ones))&highs != 0 {
			break
		}
	}
	for n < len(s) {
		if c := s[n]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			break
		}
		n++
	}
	return n
}

// number reads one. Whole numbers of few digits are the most frequent.
func (d *decoder) number(needed bool) (any, error) {
	begin := d.at
	if d.next() == '-' {
		d.at++
	}
	whole := d.digits()
	small, plain := 0.0, begin+whole == d.at && whole <= 15
	if whole == 0 || whole > 1 && d.text[d.at-whole] == '0' {
		return nil, errNotPlain
	}
	if plain {
		for i := begin; i < d.at; i++ {
			small = small*10 + float64(d.text[i]-'0')
		}
	}
	if d.next() == '.' {
		d.at++
		plain = false
		if d.digits() == 0 {
			return nil, errNotPlain
		}
	}
	if c := d.next(); c == 'e' || c == 'E' || whole > 300 {
		return nil, errNotPlain // it may be too large
	}
	switch {
	case !needed:
		return nil, nil //nolint:nilnil // the value is not used
	case plain:
		return small, nil
	}
	f, err := strconv.ParseFloat(d.text[begin:d.at], 64)
	if err != nil {
		return nil, errNotPlain
	}
	return f, nil
}

func (d *decoder) digits() int {
	begin := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	return d.at - begin
}
