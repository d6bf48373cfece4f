package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of an expression. Longer or deeper ones are refused at compile time.
const (
	maxLength = 4096 // bytes
	maxDepth  = 64   // parentheses and nested calls

	maxPattern = 512     // bytes of a regular expression
	maxText    = 1 << 20 // bytes of a text that an evaluation makes
	maxList    = 1 << 16 // elements of a list that an evaluation makes
)

// Error is a problem of an expression's text, with its place.
type Error struct {
	Line, Column int // from 1, within the expression
	Width        int // characters that are meant
	Message      string
	Hint         string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// lexeme is a piece of source: one token for govaluate.
type lexeme struct {
	kind   lexemeKind
	text   string // as written; the name of paths and functions, the content of texts
	steps  []step // of paths
	number float64
	column int // from 1, in characters
	width  int
}

type lexemeKind int

const (
	lexOperator lexemeKind = iota
	lexNumber
	lexText
	lexPath
	lexFunction
	lexConstant // true, false, null
)

// step is one part of a path: a member's name or an index.
type step struct {
	name  string
	index int
	isIdx bool
}

// operators, longest first. Those that map to "" are known to govaluate but not to us.
var operators = []string{"**", "==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "??", "<<", ">>", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", "(", ")", ",", "&", "|", "^", "~"}

var refused = map[string]string{
	"&": "use &&", "|": "use ||", "^": "use ** for powers", "~": "use !", "<<": "bitwise operators are not supported", ">>": "bitwise operators are not supported",
}

// scan cuts source into lexemes.
func scan(source string) ([]lexeme, *Error) {
	if len(source) > maxLength {
		return nil, &Error{1, 1, 1, fmt.Sprintf("the expression is longer than %d bytes", maxLength), ""}
	}
	if !utf8.ValidString(source) {
		return nil, &Error{1, 1, 1, "the expression is not valid UTF-8", ""}
	}
	s := scanner{source: source, column: 1}
	depth := 0
	for {
		s.skipSpace()
		if s.at >= len(source) {
			break
		}
		l, err := s.next()
		if err != nil {
			return nil, err
		}
		switch l.text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth > maxDepth {
			return nil, &Error{1, l.column, 1, fmt.Sprintf("the expression is nested deeper than %d", maxDepth), ""}
		}
		s.found = append(s.found, l)
	}
	if len(s.found) == 0 {
		return nil, &Error{1, 1, 1, "the expression is empty", ""}
	}
	return s.found, nil
}

type scanner struct {
	source string
	at     int // byte
	column int // character, from 1
	found  []lexeme
}

func (s *scanner) skipSpace() {
	for s.at < len(s.source) {
		r, size := utf8.DecodeRuneInString(s.source[s.at:])
		if !unicode.IsSpace(r) {
			return
		}
		s.at += size
		s.column++
	}
}

func (s *scanner) next() (lexeme, *Error) {
	r, _ := utf8.DecodeRuneInString(s.source[s.at:])
	switch {
	case r == '"' || r == '\'':
		return s.text(byte(r))
	case r >= '0' && r <= '9':
		return s.number()
	case isNameStart(r):
		return s.name()
	}
	for _, op := range operators {
		if strings.HasPrefix(s.source[s.at:], op) {
			l := s.take(lexOperator, len(op))
			if hint, no := refused[op]; no {
				return l, &Error{1, l.column, l.width, fmt.Sprintf("the operator %s does not exist", op), hint}
			}
			return l, nil
		}
	}
	hint := ""
	if r == '=' {
		hint = "use =="
	}
	return lexeme{}, &Error{1, s.column, 1, fmt.Sprintf("the character %q has no meaning here", r), hint}
}

// take cuts the next n bytes.
func (s *scanner) take(kind lexemeKind, n int) lexeme {
	text := s.source[s.at : s.at+n]
	l := lexeme{kind: kind, text: text, column: s.column, width: utf8.RuneCountInString(text)}
	s.at += n
	s.column += l.width
	return l
}

// text reads a literal. A backslash takes the next quote or backslash literally, and is itself elsewhere.
func (s *scanner) text(quote byte) (lexeme, *Error) {
	var content strings.Builder
	for i := s.at + 1; i < len(s.source); i++ {
		switch c := s.source[i]; {
		case c == quote:
			l := s.take(lexText, i+1-s.at)
			l.text = content.String()
			return l, nil
		case c == '\\' && i+1 < len(s.source) && (s.source[i+1] == quote || s.source[i+1] == '\\'):
			i++
			content.WriteByte(s.source[i])
		default:
			content.WriteByte(c)
		}
	}
	return lexeme{}, &Error{1, s.column, 1, "the text is not closed", "add the closing quote"}
}

func (s *scanner) number() (lexeme, *Error) {
	n := 0
	rest := s.source[s.at:]
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.') {
		n++
	}
	if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		m := n + 1
		if m < len(rest) && (rest[m] == '+' || rest[m] == '-') {
			m++
		}
		if m < len(rest) && rest[m] >= '0' && rest[m] <= '9' {
			for n = m; n < len(rest) && rest[n] >= '0' && rest[n] <= '9'; {
				n++
			}
		}
	}
	l := s.take(lexNumber, n)
	value, err := strconv.ParseFloat(l.text, 64)
	if err != nil {
		return l, &Error{1, l.column, l.width, "this is not a number", ""}
	}
	if _, _, good := number(value); !good {
		return l, &Error{1, l.column, l.width, "the number is too large to be exact (2^53)", ""}
	}
	l.number = value
	return l, nil
}

// name reads a path, a function's name, a constant, or the operator in.
func (s *scanner) name() (lexeme, *Error) {
	n, steps, err := s.path()
	if err != nil {
		return lexeme{}, err
	}
	l := s.take(lexPath, n)
	l.steps = steps
	after := strings.TrimLeft(s.source[s.at:], " \t\r\n")
	switch {
	case l.text == "true" || l.text == "false" || l.text == "null" || l.text == "nil":
		l.kind = lexConstant
	case l.text == "in":
		l.kind = lexOperator
	case l.text == "and", l.text == "or", l.text == "not":
		return l, &Error{1, l.column, l.width, fmt.Sprintf("%q is not an operator here", l.text), "use &&, || or !"}
	case strings.HasPrefix(after, "("):
		l.kind = lexFunction
	}
	return l, nil
}

// path reads name(.name | [index] | ["name"])* and returns how many bytes it takes.
func (s *scanner) path() (int, []step, *Error) {
	rest := s.source[s.at:]
	n := nameLength(rest)
	steps := []step{{name: rest[:n]}}
	for n < len(rest) {
		switch {
		case rest[n] == '.' && nameLength(rest[n+1:]) > 0:
			m := nameLength(rest[n+1:])
			steps = append(steps, step{name: rest[n+1 : n+1+m]})
			n += 1 + m
		case rest[n] == '[':
			end := strings.IndexByte(rest[n:], ']')
			if end < 0 {
				return 0, nil, &Error{1, s.column + utf8.RuneCountInString(rest[:n]), 1, "the bracket is not closed", "add ]"}
			}
			inner := strings.TrimSpace(rest[n+1 : n+end])
			st, ok := bracket(inner)
			if !ok {
				return 0, nil, &Error{1, s.column + utf8.RuneCountInString(rest[:n]), end + 1, "an index is a whole number or a quoted name", ""}
			}
			steps = append(steps, st)
			n += end + 1
		default:
			return n, steps, nil
		}
		if len(steps) > maxDepth {
			return 0, nil, &Error{1, s.column, 1, "the path is too long", ""}
		}
	}
	return n, steps, nil
}

func bracket(inner string) (step, bool) {
	if len(inner) >= 2 && (inner[0] == '"' || inner[0] == '\'') && inner[len(inner)-1] == inner[0] {
		return step{name: inner[1 : len(inner)-1]}, true
	}
	i, err := strconv.Atoi(inner)
	return step{index: i, isIdx: true}, err == nil && i >= 0 && i < 1<<20
}

func isNameStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

// nameLength is how many bytes of a name text starts with.
func nameLength(text string) int {
	for i, r := range text {
		if !isNameStart(r) && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(text)
}
