package connector

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Whatever must not be written down is looked for here, in every way in which a vendor may write it: what is percent-encoded, escaped by JSON
// or HTML, once or several times and in part only, is read character by character; base64, hex and what is turned round are texts of their own.

// Bounds of what is looked for.
const (
	shortestCore = 12 // characters of base64 that stand for a text wherever it stands in what is encoded
	shortestFold = 16 // bytes of a text that is found in capitals and small letters, too, and turned round
	mostEscapes  = 16 // backslashes before a character
)

// hider takes texts out of others. One without texts changes nothing.
type hider struct {
	texts []spelled
	first [256][]int // which texts may begin with a byte
}

// spelled is a text that is looked for.
type spelled struct {
	units   []unit
	fold    bool // capitals and small letters are the same
	instead string
}

// unit is a character, or a byte that is a part of none.
type unit struct {
	text  string
	char  rune // -1: none
	plain bool // a letter or a digit
}

// redactor takes secrets out of texts, however these write them.
func redactor(secrets []string) *hider {
	h := &hider{}
	for _, secret := range secrets {
		h.hide(secret, redaction)
	}
	return h
}

// hide adds a text, with all its spellings.
func (h *hider) hide(secret, instead string) {
	h.add(secret, instead, len(secret) >= shortestFold)
	if len(secret) < shortestSecret {
		return // what is made of so little occurs by chance
	}
	if key, standard := strings.CutPrefix(secret, "whsec_"); standard && len(key) >= shortestSecret {
		h.hide(key, instead)
	}
	h.add(hex.EncodeToString([]byte(secret)), instead, true)
	seen := []string{}
	for _, form := range []string{secret, url.QueryEscape(secret), quoted(secret, false), quoted(secret, true)} {
		if slices.Contains(seen, form) {
			continue
		}
		seen = append(seen, form)
		for _, written := range inBase64(form) {
			h.add(written, instead, false)
		}
	}
	if len(secret) >= shortestFold {
		turned := []rune(secret)
		slices.Reverse(turned)
		h.add(string(turned), instead, true)
	}
}

// inBase64 are the ways in which base64 writes a text: alone, and what there is of it wherever it stands in something longer.
func inBase64(text string) (all []string) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := encoding.EncodeToString([]byte(text))
		all = append(all, whole, strings.TrimRight(whole, "="))
		for before := range 3 {
			written := encoding.WithPadding(base64.NoPadding).EncodeToString([]byte(strings.Repeat("\x00", before) + text))
			core := written[(8*before+5)/6 : 8*(before+len(text))/6]
			if len(core) >= shortestCore {
				all = append(all, core)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// add adds a text as it is.
func (h *hider) add(text, instead string, fold bool) {
	if text == "" {
		return
	}
	s := spelled{fold: fold, instead: instead}
	for rest := text; rest != ""; {
		char, size := utf8.DecodeRuneInString(rest)
		if char == utf8.RuneError && size == 1 {
			char = -1
		}
		s.units = append(s.units, unit{rest[:size], char, char >= 0 && (unicode.IsLetter(char) || unicode.IsDigit(char))})
		rest = rest[size:]
	}
	begins := []byte{text[0]}
	if fold && s.units[0].char >= 0 {
		begins = append(begins, string(unicode.ToUpper(s.units[0].char))[0], string(unicode.ToLower(s.units[0].char))[0])
	}
	slices.Sort(begins)
	h.texts = append(h.texts, s)
	for _, b := range slices.Compact(begins) {
		h.first[b] = append(h.first[b], len(h.texts)-1)
	}
}

// Replace is a text without those that are looked for. Where some of them overlap, one word stands for all.
func (h *hider) Replace(text string) string {
	if len(h.texts) == 0 {
		return text
	}
	var b strings.Builder
	written, end, instead := 0, 0, ""
	for at := range len(text) {
		to, by := h.longest(text, at)
		switch {
		case to < 0:
		case at < end: // it overlaps the one before
			end = max(end, to)
		default:
			b.WriteString(instead)
			b.WriteString(text[written:at])
			instead, end = by, to
		}
		written = end
	}
	if end == 0 {
		return text
	}
	b.WriteString(instead)
	b.WriteString(text[written:])
	return b.String()
}

// longest is where the longest text ends that begins at a place; -1: none does.
func (h *hider) longest(text string, at int) (end int, instead string) {
	end = -1
	try := func(candidates []int) {
		for _, i := range candidates {
			if to := h.texts[i].match(text, at); to > end {
				end, instead = to, h.texts[i].instead
			}
		}
	}
	try(h.first[text[at]])
	switch rest := text[at:]; rest[0] {
	case '+':
		try(h.first[' '])
	case '%', '&', '\\':
		for _, b := range beginnings(rest) {
			try(h.first[b])
		}
	}
	return end, instead
}

// beginnings are the bytes that what is escaped at the beginning of a text may stand for.
func beginnings(rest string) (all []byte) {
	note := func(char rune) {
		if char >= 0 {
			all = append(all, string(char)[0])
		}
	}
	if rest[0] == '%' {
		return slices.Concat(all, percented(rest))
	}
	if rest[0] == '\\' {
		n := backslashes(rest)
		char, _ := escaped(rest[n:])
		note(char)
		if n < len(rest) {
			all = append(all, rest[n])
		}
	}
	for _, n := range ampersands(rest) {
		char, _ := entity(rest[n:])
		note(char)
	}
	if strings.HasPrefix(strings.TrimLeft(rest, `\`), "u0025") {
		all = append(all, percented("%"+strings.TrimLeft(rest, `\`)[5:])...)
	}
	return all
}

// percented are the bytes that percent-encoding at the beginning of a text may stand for.
func percented(rest string) (all []byte) {
	for i := 1; ; i += 2 {
		b, ok := hexByte(rest, i)
		if !ok {
			return all
		}
		if all = append(all, b); b == '+' {
			all = append(all, ' ') // it was written so before
		}
		if b != '%' {
			return all
		}
	}
}

// match is where a text ends that begins at a place; -1: it does not.
func (s *spelled) match(text string, at int) int {
	var here, there [8]int
	ends, next := append(here[:0], at), there[:0]
	for i := range s.units {
		next = next[:0]
		for _, end := range ends {
			next = s.units[i].ends(text, end, s.fold, next)
		}
		if len(next) == 0 {
			return -1
		}
		ends, next = next, ends
	}
	return slices.Max(ends)
}

// ends adds where a character ends that begins at a place, in any way in which it may be written.
func (u *unit) ends(text string, at int, fold bool, all []int) []int {
	if at >= len(text) {
		return all
	}
	rest := text[at:]
	add := func(size int) {
		if size > 0 && !slices.Contains(all, at+size) {
			all = append(all, at+size)
		}
	}
	add(u.raw(rest, fold))
	switch rest[0] {
	case '+':
		if u.char == ' ' {
			add(1)
		}
	case '%':
		u.percent(rest, fold, add)
	case '&':
		u.entity(rest, fold, add)
	case '\\':
		u.slashed(rest, fold, add)
	}
	return all
}

// slashed adds how long the character is after backslashes.
func (u *unit) slashed(rest string, fold bool, add func(int)) {
	n := backslashes(rest)
	if u.char == '\\' {
		for i := 1; i <= n; i++ {
			add(i)
		}
	} else if !u.plain && strings.HasPrefix(rest[n:], u.text) {
		add(n + len(u.text))
	}
	if char, size := escaped(rest[n:]); u.is(char, fold) {
		add(n + size)
	}
	switch {
	case strings.HasPrefix(rest[n:], "u0026"):
		u.entity(rest, fold, add)
	case strings.HasPrefix(rest[n:], "u0025"):
		u.percent("%"+rest[n+5:], fold, func(size int) { add(n + 4 + size) })
	}
}

// raw is how long the character is as it is; 0: it is not there.
func (u *unit) raw(rest string, fold bool) int {
	if strings.HasPrefix(rest, u.text) {
		return len(u.text)
	}
	if !fold || !u.plain {
		return 0
	}
	if char, size := utf8.DecodeRuneInString(rest); u.is(char, true) {
		return size
	}
	return 0
}

func (u *unit) is(char rune, fold bool) bool {
	return char >= 0 && (char == u.char || fold && unicode.ToLower(char) == unicode.ToLower(u.char))
}

// percent adds how long the character is as it is percent-encoded, once or several times.
func (u *unit) percent(rest string, fold bool, add func(int)) {
	sizes := []int{0}
	for i := range len(u.text) {
		var next []int
		for _, size := range sizes {
			if size >= len(rest) || rest[size] != '%' {
				continue
			}
			for n := size + 1; ; n += 2 {
				b, ok := hexByte(rest, n)
				if ok && u.has(i, b, fold) {
					next = append(next, n+2)
				}
				if !ok || b != '%' {
					break
				}
			}
		}
		sizes = next
	}
	for _, size := range sizes {
		add(size)
	}
}

// has reports whether a byte that was encoded is the one at a place of the character. A + may have been a space.
func (u *unit) has(i int, b byte, fold bool) bool {
	return b == u.text[i] || b == '+' && u.char == ' ' || fold && len(u.text) == 1 && u.plain && lower(b) == lower(u.text[i])
}

func (u *unit) entity(rest string, fold bool, add func(int)) {
	for _, n := range ampersands(rest) {
		if char, size := entity(rest[n:]); u.is(char, fold) {
			add(n + size)
		}
	}
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func backslashes(rest string) (n int) {
	for n < len(rest) && n < mostEscapes && rest[n] == '\\' {
		n++
	}
	return n
}

func hexByte(text string, at int) (byte, bool) {
	if at+2 > len(text) {
		return 0, false
	}
	value, err := strconv.ParseUint(text[at:at+2], 16, 8)
	return byte(value), err == nil
}

// shortEscapes are what stands for controls after a backslash.
var shortEscapes = map[byte]rune{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// escaped is the character for which what stands after backslashes, and its length there; -1: none.
func escaped(rest string) (char rune, size int) {
	if rest == "" {
		return -1, 0
	}
	if char, ok := shortEscapes[rest[0]]; ok {
		return char, 1
	}
	digits := map[byte]int{'u': 4, 'x': 2}[rest[0]]
	if digits == 0 || len(rest) < 1+digits {
		return -1, 0
	}
	value, err := strconv.ParseUint(rest[1:1+digits], 16, 16)
	if err != nil {
		return -1, 0
	}
	if char, size = rune(value), 1+digits; char < 0xD800 || char > 0xDBFF {
		return char, size
	}
	second := rest[size:]
	n := backslashes(second)
	if low, ok := strings.CutPrefix(second[n:], "u"); n > 0 && ok && len(low) >= 4 {
		if value, err := strconv.ParseUint(low[:4], 16, 16); err == nil && value >= 0xDC00 && value <= 0xDFFF {
			return 0x10000 + (char-0xD800)<<10 + rune(value) - 0xDC00, size + n + 5
		}
	}
	return -1, 0
}

// ampersands are the lengths that the & has with which an entity begins: it may be written as one itself.
func ampersands(rest string) (all []int) {
	n := 0
	if strings.HasPrefix(rest, "&") {
		n = 1
	} else if slashes := backslashes(rest); slashes > 0 && strings.HasPrefix(rest[slashes:], "u0026") {
		n = slashes + 5
	}
	for n > 0 && len(all) < mostEscapes {
		all = append(all, n)
		if !strings.HasPrefix(rest[n:], "amp;") {
			break
		}
		n += len("amp;")
	}
	return all
}

// entities are the names that every writer of HTML and XML uses.
var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// entity is the character of an entity without its &, and its length; -1: none.
func entity(rest string) (char rune, size int) {
	end := strings.IndexByte(rest[:min(len(rest), 12)], ';')
	if end < 0 {
		return -1, 0
	}
	name := rest[:end]
	if char, ok := entities[name]; ok {
		return char, end + 1
	}
	number, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		return -1, 0
	}
	base := 10
	if number != "" && (number[0] == 'x' || number[0] == 'X') {
		number, base = number[1:], 16
	}
	value, err := strconv.ParseUint(number, base, 31)
	if err != nil {
		return -1, 0
	}
	return rune(value), end + 1
}
