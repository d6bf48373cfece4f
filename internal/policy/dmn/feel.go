package dmn

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ballerine/internal/expr"
)

// token is a word of FEEL.
type token struct {
	kind tokenKind
	text string // of a text: its content
}

type tokenKind int

const (
	textToken tokenKind = iota
	numberToken
	nameToken // one word
	markToken // < <= … [ ] ( ) , .. and so on
	endToken
)

var numberForm = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?`)

// meaningless is FEEL that is something else than a test or a value of a table.
type meaningless struct{ message, hint string }

func noMeaning(hint, format string, args ...any) *meaningless {
	return &meaningless{fmt.Sprintf(format, args...), hint}
}

// tokens divides FEEL into words.
func tokens(text string) ([]token, *meaningless) {
	var found []token
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case unicode.IsSpace(r):
			at += size
		case r == '"':
			content, length, ok := feelText(text[at:])
			if !ok {
				return nil, noMeaning("", "a text is not closed")
			}
			found = append(found, token{textToken, content})
			at += length
		case numberForm.MatchString(text[at:]) && !strings.HasPrefix(text[at:], ".."):
			number := numberForm.FindString(text[at:])
			found = append(found, token{numberToken, number})
			at += len(number)
		case nameStart(r):
			end := at
			for end < len(text) {
				r, size := utf8.DecodeRuneInString(text[end:])
				if !nameStart(r) && !unicode.IsDigit(r) {
					break
				}
				end += size
			}
			found = append(found, token{nameToken, text[at:end]})
			at = end
		default:
			mark := text[at : at+size]
			for _, longer := range []string{"<=", ">=", "!=", "..", "**", "->"} {
				if strings.HasPrefix(text[at:], longer) {
					mark = longer
				}
			}
			found = append(found, token{markToken, mark})
			at += len(mark)
		}
	}
	return append(found, token{kind: endToken}), nil
}

func nameStart(r rune) bool { return r == '_' || r == '?' || unicode.IsLetter(r) }

// feelText reads a text in double quotes with FEEL's escapes.
func feelText(text string) (content string, length int, ok bool) {
	var b strings.Builder
	for at := 1; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"':
			return b.String(), at + 1, true
		case c == '\\' && at+1 < len(text):
			at++
			switch text[at] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case 'u':
				if at+5 > len(text) {
					return "", 0, false
				}
				n, err := strconv.ParseUint(text[at+1:at+5], 16, 32)
				if err != nil {
					return "", 0, false
				}
				b.WriteRune(rune(n))
				at += 4
			default:
				b.WriteByte(text[at])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

// reader reads one expression of FEEL.
type reader struct {
	tokens []token
	at     int
}

func newReader(text string) (*reader, *meaningless) {
	found, failed := tokens(text)
	return &reader{tokens: found}, failed
}

func (r *reader) next() token { return r.tokens[min(r.at, len(r.tokens)-1)] }

// take skips the given marks or words if they come next.
func (r *reader) take(texts ...string) bool {
	for i, text := range texts {
		if at := r.at + i; at >= len(r.tokens) || r.tokens[at].text != text || r.tokens[at].kind != markToken && r.tokens[at].kind != nameToken {
			return false
		}
	}
	r.at += len(texts)
	return true
}

const tests = `a test is -, a value, < 5, [1..3), a list of these, or not(…); texts are in double quotes`

// readTest returns a unary test as a cell of a table has it.
func readTest(text string) (string, *meaningless) {
	if text == "" || text == "-" {
		return "-", nil
	}
	r, failed := newReader(text)
	if failed != nil {
		return "", failed
	}
	not := r.take("not", "(")
	var all []string
	for {
		one, failed := r.alternative()
		if failed != nil {
			return "", failed
		}
		if all = append(all, one); !r.take(",") {
			break
		}
	}
	if not && !r.take(")") {
		return "", noMeaning(tests, "the bracket of not( is not closed")
	}
	if r.next().kind != endToken {
		return "", noMeaning(tests, "this FEEL test is not supported in a cell")
	}
	list := strings.Join(all, ", ")
	if not {
		return "not(" + list + ")", nil
	}
	return list, nil
}

func (r *reader) alternative() (string, *meaningless) {
	for _, op := range []string{"<=", ">=", "!=", "<", ">", "="} {
		if r.take(op) {
			v, failed := r.literal()
			return op + " " + v.cell(), failed
		}
	}
	for _, open := range []string{"[", "(", "]"} {
		if !r.take(open) {
			continue
		}
		low, failed := r.literal()
		if failed != nil {
			return "", failed
		}
		if !r.take("..") {
			return "", noMeaning(tests, "an interval must have .. between its ends")
		}
		high, failed := r.literal()
		if failed != nil {
			return "", failed
		}
		for _, close := range []string{"]", ")", "["} {
			if r.take(close) {
				return open + low.cell() + ".." + high.cell() + close, nil
			}
		}
		return "", noMeaning(tests, "the interval is not closed")
	}
	v, failed := r.literal()
	return v.cell(), failed
}

// literal is a literal value.
type literal struct {
	value any
	date  bool // the value is a date's text
}

// cell is the literal as a cell writes it.
func (l literal) cell() string {
	switch v := l.value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
		if l.date {
			return "date(" + quoted + ")"
		}
		return quoted
	}
	return ""
}

func (r *reader) literal() (literal, *meaningless) {
	minus := r.take("-")
	t := r.next()
	r.at++
	switch {
	case t.kind == numberToken:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil || !expr.Exact(f) {
			return literal{}, noMeaning("use other units, or compare texts", "the number is too large to be exact (2^53)")
		}
		if minus {
			f = -f
		}
		return literal{value: f}, nil
	case minus:
	case t.kind == textToken:
		return literal{value: t.text}, nil
	case t.kind == nameToken && slices.Contains([]string{"true", "false"}, t.text):
		return literal{value: t.text == "true"}, nil
	case t.kind == nameToken && t.text == "null":
		return literal{}, nil
	case t.kind == markToken && t.text == "@":
		return r.dated(false)
	case t.kind == nameToken && t.text == "date":
		r.take("and", "time")
		return r.dated(true)
	case t.kind == nameToken && r.next().text == "(":
		return literal{}, noMeaning("compute it into an input field, or write it as a rule's condition", "FEEL functions are not supported in a cell")
	case t.kind == nameToken:
		return literal{}, noMeaning(tests, "this is a name, but a value is required")
	}
	return literal{}, noMeaning(tests, "this is not a value")
}

var dateForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$`)

// dated reads the text of date("…") or @"…".
func (r *reader) dated(brackets bool) (literal, *meaningless) {
	const hint = `date("2026-01-31"), or date and time("2026-01-31T12:00:00Z") with a time zone`
	if brackets && !r.take("(") {
		return literal{}, noMeaning(hint, "this is a name, but a value is required")
	}
	t := r.next()
	r.at++
	if t.kind != textToken || !dateForm.MatchString(t.text) || brackets && !r.take(")") {
		return literal{}, noMeaning(hint, "this is not a date literal")
	}
	return literal{t.text, true}, nil
}

// readValue returns the value of an output.
func readValue(text string) (any, *meaningless) {
	if text == "" || text == "-" {
		return nil, nil
	}
	r, failed := newReader(text)
	if failed != nil {
		return nil, failed
	}
	v, failed := r.literal()
	if failed == nil && r.next().kind != endToken {
		failed = noMeaning("", "FEEL expressions are not supported in an output")
	}
	if failed != nil {
		return nil, noMeaning("an output must be a text in double quotes, a number, true, false, null or a date", "%s", failed.message)
	}
	return v.value, nil
}

// readTexts returns the texts of a list of allowed values.
func readTexts(text string) (texts []string, ok bool) {
	r, failed := newReader(text)
	if failed != nil {
		return nil, false
	}
	for {
		t := r.next()
		if r.at++; t.kind != textToken {
			return nil, false
		}
		texts = append(texts, t.text)
		if !r.take(",") {
			return texts, r.next().kind == endToken
		}
	}
}
