package table

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/expr"
)

// test is a compiled cell: what a value must be. Dates are milliseconds since 1970, so that they are compared like numbers.
type test struct {
	all     bool // "-": everything, also what is missing
	negated bool
	null    bool     // null is among the alternatives
	ordered bool     // one of the spans is more than a point
	texts   []string // sorted
	bools   [2]bool  // false and true are among the alternatives
	spans   []span   // sorted, disjoint
}

// span is an interval of numbers; its ends may be infinite.
type span struct {
	low, high         float64
	lowOpen, highOpen bool
}

func point(f float64) span { return span{low: f, high: f} }

func (s span) holds(f float64) bool {
	return (f > s.low || (f == s.low && !s.lowOpen)) && (f < s.high || (f == s.high && !s.highOpen))
}

func (s span) empty() bool { return s.low > s.high || (s.low == s.high && (s.lowOpen || s.highOpen)) }

// cellError is a problem within a cell.
type cellError struct {
	code          string
	column        int // from 1
	message, hint string
}

// cellReader reads one cell: alternatives, perhaps within not(…).
type cellReader struct {
	text     []rune
	at       int
	location *time.Location
	kinds    map[Type]bool // of the literals that were met
	typed    Type          // of the column, where it states one
	lenient  bool          // numbers that have two readings are read as they were
	failed   *cellError    // the first problem
}

// readCell reads a unary test. The type is that of its literals; "" when it has none.
func readCell(text string, typed Type, options Options) (t test, found Type, failed *cellError) {
	r := &cellReader{text: []rune(text), location: options.Location, lenient: options.Published, typed: typed, kinds: map[Type]bool{}}
	t = r.cell()
	t.tidy()
	if len(r.kinds) > 1 {
		r.fail(1, "all values of a cell must have the same type", "")
	}
	for kind := range r.kinds {
		found = kind
	}
	return t, found, r.failed
}

// fail notes the first problem and goes to the end of the cell.
func (r *cellReader) fail(column int, message, hint string) {
	if r.failed == nil {
		r.failed = &cellError{"cell", column, message, hint}
	}
	r.at = len(r.text)
}

func (r *cellReader) space() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\t' || r.text[r.at] == '\n') {
		r.at++
	}
}

// take skips a word if it comes next.
func (r *cellReader) take(word string) bool {
	r.space()
	at := r.at
	for _, c := range word {
		if at == len(r.text) || r.text[at] != c {
			return false
		}
		at++
	}
	r.at = at
	return true
}

func (r *cellReader) cell() test {
	r.space()
	if r.at == len(r.text) || strings.TrimSpace(string(r.text)) == "-" {
		return test{all: true}
	}
	within := r.take("not(") || r.take("not (")
	t := test{negated: within}
	for {
		r.alternative(&t)
		if !r.take(",") {
			break
		}
	}
	if within && !r.take(")") {
		r.fail(r.at+1, "the bracket of not( is not closed", "")
	}
	if r.space(); r.at < len(r.text) {
		r.fail(r.at+1, "this is not part of a test", "a test is -, a value, < 5, [1000..3000), a list of these, or not(…)")
	}
	return t
}

func (r *cellReader) alternative(t *test) {
	r.space()
	start := r.at + 1
	for _, op := range []string{"<=", ">=", "<", ">", "!=", "="} {
		if r.take(op) {
			r.comparison(t, op, start)
			return
		}
	}
	if r.at < len(r.text) && strings.ContainsRune("[(]", r.text[r.at]) {
		r.interval(t, start)
		return
	}
	r.literal(t)
}

func (r *cellReader) comparison(t *test, op string, start int) {
	switch op {
	case "=":
		r.literal(t)
		return
	case "!=":
		if t.negated {
			r.fail(start, "!= is not supported inside not(…)", "")
		}
		if len(t.texts)+len(t.spans) > 0 || t.null || t.bools != [2]bool{} {
			r.fail(start, "!= must be alone in its cell", "write not(…) around a list")
		}
		r.literal(t)
		t.negated = true
		if r.space(); r.at < len(r.text) {
			r.fail(r.at+1, "!= must be alone in its cell", "write not(…) around a list")
		}
		return
	}
	f := r.bound()
	t.ordered = true
	switch op {
	case "<":
		t.spans = append(t.spans, span{low: math.Inf(-1), high: f, highOpen: true})
	case "<=":
		t.spans = append(t.spans, span{low: math.Inf(-1), high: f})
	case ">":
		t.spans = append(t.spans, span{low: f, high: math.Inf(1), lowOpen: true})
	case ">=":
		t.spans = append(t.spans, span{low: f, high: math.Inf(1)})
	}
}

func (r *cellReader) interval(t *test, start int) {
	s := span{lowOpen: r.text[r.at] != '['}
	r.at++
	s.low = r.bound()
	if !r.take("..") {
		r.fail(r.at+1, "an interval must have .. between its ends", "[1000..3000)")
		return
	}
	s.high = r.bound()
	if r.space(); r.at == len(r.text) || !strings.ContainsRune("])[", r.text[r.at]) {
		r.fail(r.at+1, "the interval is not closed", "end it with ] or )")
		return
	}
	s.highOpen = r.text[r.at] != ']'
	r.at++
	if s.empty() {
		r.fail(start, "the interval is empty", "its first end must be the lower one")
	}
	t.ordered = true
	t.spans = append(t.spans, s)
}

// bound reads a number or a date.
func (r *cellReader) bound() float64 {
	r.space()
	start := r.at + 1
	var t test
	r.literal(&t)
	if len(t.spans) != 1 {
		r.fail(start, "only numbers and dates have an order", "")
		return 0
	}
	return t.spans[0].low
}

// literal reads one value into the alternatives.
func (r *cellReader) literal(t *test) {
	r.space()
	start := r.at + 1
	if r.at == len(r.text) {
		r.fail(start, "a value is missing here", "")
		return
	}
	switch c := r.text[r.at]; {
	case c == '"':
		r.kinds[Text] = true
		text := r.quoted()
		if r.typed == Date {
			delete(r.kinds, Text)
			t.spans = append(t.spans, point(r.date(text, start)))
			return
		}
		t.texts = append(t.texts, expr.Instant(text))
	case r.take("date("):
		if r.space(); r.at == len(r.text) || r.text[r.at] != '"' {
			r.fail(r.at+1, "date requires a quoted text", `date("2026-01-31")`)
			return
		}
		start = r.at + 1
		text := r.quoted()
		if !r.take(")") {
			r.fail(r.at+1, "the bracket of date( is not closed", "")
			return
		}
		t.spans = append(t.spans, point(r.date(text, start)))
	default:
		r.word(t, start)
	}
}

func (r *cellReader) date(text string, start int) float64 {
	when, ok := expr.ParseDate(text, r.location)
	if !ok {
		r.fail(start, "this is not a date", "2026-01-31, or with a time 2026-01-31T12:00:00Z")
	}
	r.kinds[Date] = true
	return milliseconds(when)
}

func milliseconds(t time.Time) float64 { return float64(t.UnixMilli()) }

// quoted reads a text in double quotes; a backslash or a second quote keeps a quote from ending it.
func (r *cellReader) quoted() string {
	start := r.at + 1
	var b strings.Builder
	for r.at++; r.at < len(r.text); r.at++ {
		c := r.text[r.at]
		next := rune(0)
		if r.at+1 < len(r.text) {
			next = r.text[r.at+1]
		}
		switch {
		case c == '\\' && (next == '"' || next == '\\'), c == '"' && next == '"':
			b.WriteRune(next)
			r.at++
		case c == '"':
			r.at++
			return b.String()
		default:
			b.WriteRune(c)
		}
	}
	r.fail(start, "the text is not closed", "")
	return ""
}

// TwoReadings is the code of a number that some read in another way than others.
const TwoReadings = "two_readings"

// numberForm is a number that has one reading: neither octal nor hexadecimal, no grouped digits, not infinite.
var numberForm = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)

// word reads a number, true, false, null, or a date without quotes.
func (r *cellReader) word(t *test, start int) {
	end := r.at
	for end < len(r.text) && !strings.ContainsRune(" \t\n,)]([<>=\"", r.text[end]) && (r.text[end] != '.' || !(end+1 < len(r.text) && r.text[end+1] == '.')) {
		end++
	}
	word := string(r.text[r.at:end])
	r.at = end
	switch word {
	case "false", "FALSE": // spreadsheets write it so
		r.kinds[Bool], t.bools[0] = true, true
		return
	case "true", "TRUE":
		r.kinds[Bool], t.bools[1] = true, true
		return
	case "null":
		t.null = true
		return
	}
	if f, err := strconv.ParseFloat(word, 64); (err == nil || errors.Is(err, strconv.ErrRange)) && r.typed != Date {
		if !r.lenient && !numberForm.MatchString(word) {
			r.fail(start, "parsers disagree on whether this is a number", fmt.Sprintf("write it as JSON does (10, 0.5, 1e3), or %q for the text", word))
			if r.failed.column == start {
				r.failed.code = TwoReadings
			}
			return
		}
		if !expr.Exact(f) {
			r.fail(start, "the number is too large to be exact (2^53), or not finite", "")
			return
		}
		r.kinds[Number] = true
		t.spans = append(t.spans, point(f))
		return
	}
	if when, ok := expr.ParseDate(word, r.location); ok {
		r.kinds[Date] = true
		t.spans = append(t.spans, point(milliseconds(when)))
		return
	}
	r.fail(start, "this is not a value", fmt.Sprintf("texts are quoted: %q", word))
}

// tidy sorts the alternatives and joins spans that touch.
func (t *test) tidy() {
	slices.Sort(t.texts)
	t.texts = slices.Compact(t.texts)
	slices.SortFunc(t.spans, func(a, b span) int {
		switch {
		case a.low != b.low:
			return compare(a.low, b.low)
		case a.lowOpen == b.lowOpen:
			return 0
		case a.lowOpen:
			return 1
		}
		return -1
	})
	var joined []span
	for _, s := range t.spans {
		if n := len(joined); n > 0 && touches(joined[n-1], s) {
			last := &joined[n-1]
			if s.high > last.high {
				last.high, last.highOpen = s.high, s.highOpen
			} else if s.high == last.high {
				last.highOpen = last.highOpen && s.highOpen
			}
			continue
		}
		joined = append(joined, s)
	}
	t.spans = joined
}

// touches reports whether b, which does not begin before a, leaves no number between them.
func touches(a, b span) bool {
	return b.low < a.high || (b.low == a.high && !(a.highOpen && b.lowOpen))
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
