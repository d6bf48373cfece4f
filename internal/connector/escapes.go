package connector

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escapeBytes are those with which something begins that is escaped.
const escapeBytes = `%&\`

// unescaped appends what the beginning of a text stands for in percent-encoding, JSON or HTML, and returns its length there; 0: it stands for itself.
func unescaped(to []byte, rest string) ([]byte, int) {
	switch rest[0] {
	case '%':
		return percented(to, rest)
	case '\\':
		return slashed(to, rest)
	case '&':
		return entity(to, rest)
	}
	return to, 0
}

func percented(to []byte, rest string) ([]byte, int) {
	if len(rest) >= 6 && rest[1] == 'u' {
		if char, ok := hexNumber(rest[2:6]); ok {
			return surrogate(to, char, rest, 6)
		}
	}
	if len(rest) >= 3 {
		if char, ok := hexNumber(rest[1:3]); ok {
			return append(to, byte(char)), 3
		}
	}
	return to, 0
}

// slashes are what stands for a control after a backslash; 0: none.
var slashes = [256]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// slashDigits are how many digits a backslash may have with a letter.
var slashDigits = [256]int{'u': 4, 'x': 2}

func slashed(to []byte, rest string) ([]byte, int) {
	if len(rest) < 2 {
		return to, 0
	}
	second := rest[1]
	if control := slashes[second]; control != 0 {
		return append(to, control), 2
	}
	if digits := slashDigits[second]; digits > 0 && len(rest) >= 2+digits {
		if char, ok := hexNumber(rest[2 : 2+digits]); ok {
			return surrogate(to, char, rest, 2+digits)
		}
	}
	if second < utf8.RuneSelf && !alphanumeric(second) {
		return append(to, second), 2
	}
	return to, 0
}

// surrogate appends a character that may be written as two.
func surrogate(to []byte, char rune, rest string, size int) ([]byte, int) {
	if second := rest[size:]; utf16.IsSurrogate(char) && len(second) >= 6 && second[:2] == rest[:2] {
		if low, ok := hexNumber(second[2:6]); ok {
			if both := utf16.DecodeRune(char, low); both != utf8.RuneError {
				return utf8.AppendRune(to, both), size + 6
			}
		}
	}
	return utf8.AppendRune(to, char), size
}

// entities are the names that HTML and XML have for characters of ASCII.
var entities = map[string]byte{
	"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "nbsp": ' ', "Tab": '\t', "NewLine": '\n', "excl": '!', "num": '#', "dollar": '$', "percnt": '%',
	"lpar": '(', "rpar": ')', "ast": '*', "midast": '*', "plus": '+', "comma": ',', "period": '.', "sol": '/', "colon": ':', "semi": ';', "equals": '=', "quest": '?',
	"commat": '@', "lsqb": '[', "lbrack": '[', "bsol": '\\', "rsqb": ']', "rbrack": ']', "Hat": '^', "lowbar": '_', "UnderBar": '_', "grave": '`', "lcub": '{', "lbrace": '{',
	"verbar": '|', "vert": '|', "VerticalLine": '|', "rcub": '}', "rbrace": '}', "AMP": '&', "LT": '<', "GT": '>', "QUOT": '"',
}

// longestEntity is the length of the longest of their names.
const longestEntity = len("VerticalLine")

func entity(to []byte, rest string) ([]byte, int) {
	if strings.HasPrefix(rest, "&#") {
		return numericEntity(to, rest)
	}
	end := strings.IndexByte(rest[:min(len(rest), longestEntity+2)], ';')
	if end < 0 {
		return to, 0
	}
	char, ok := entities[rest[1:end]]
	if !ok {
		return to, 0
	}
	return append(to, char), end + 1
}

// numericEntity appends the character of a number, with whatever zeros before it and with or without its semicolon.
func numericEntity(to []byte, rest string) ([]byte, int) {
	begin, base := 2, 10
	if len(rest) > 2 && rest[2]|' ' == 'x' {
		begin, base = 3, 16
	}
	end := begin
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || base == 16 && hexDigit[rest[end]] < 16) {
		end++
	}
	digits := strings.TrimLeft(rest[begin:end], "0")
	if end == begin || len(digits) > 8 {
		return to, 0
	}
	value, err := strconv.ParseUint("0"+digits, base, 32)
	if err != nil || value > utf8.MaxRune {
		return to, 0
	}
	if end < len(rest) && rest[end] == ';' {
		end++
	}
	return utf8.AppendRune(to, rune(value)), end
}

// hexDigit is the value of a digit; 16: it is none.
var hexDigit = func() (table [256]byte) {
	for i := range table {
		table[i] = 16
		if char := byte(i) | ' '; i >= '0' && i <= '9' {
			table[i] = byte(i - '0')
		} else if char >= 'a' && char <= 'f' && i < utf8.RuneSelf {
			table[i] = char - 'a' + 10
		}
	}
	return table
}()

func hexNumber(digits string) (value rune, ok bool) {
	for i := range len(digits) {
		digit := hexDigit[digits[i]]
		if digit > 15 {
			return 0, false
		}
		value = value<<4 | rune(digit)
	}
	return value, true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'z'
}
