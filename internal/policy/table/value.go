package table

import (
	"slices"
	"time"

	"ballerine/internal/expr"
)

// value is an input as a column sees it.
type value struct {
	state  state
	text   string
	number float64 // of numbers and dates; of booleans 0 or 1
}

type state uint8

const (
	unknown state = iota // missing, or of another type
	null
	known
)

// read takes an input's value as one of the column's type; the reason states why it is none.
func read(v any, typed Type, location *time.Location) (value, string) {
	if v == nil {
		return value{state: null}, ""
	}
	switch typed {
	case Text:
		if text, ok := v.(string); ok {
			return value{state: known, text: expr.Instant(text)}, ""
		}
	case Bool:
		if b, ok := v.(bool); ok {
			one := value{state: known}
			if b {
				one.number = 1
			}
			return one, ""
		}
	case Number:
		if f, ok := expr.Number(v); ok {
			return value{state: known, number: f}, ""
		}
	case Date:
		if text, ok := v.(string); ok {
			if when, ok := expr.ParseDate(text, location); ok {
				return value{state: known, number: milliseconds(when)}, ""
			}
			return value{}, "a text is not a date of the form 2006-01-02"
		}
	}
	return value{}, "a value is not of the type of its column (" + string(typed) + ")"
}

// truth of a cell for a value.
func (t *test) truth(v *value, typed Type) expr.Truth {
	switch {
	case t.all:
		return expr.True
	case v.state == unknown:
		return expr.Unknown
	case v.state == null && t.null:
		return expr.Of(!t.negated)
	case v.state == null && t.ordered: // null is neither below nor above anything, and an unknown test of it is not negated
		return expr.False
	case v.state == null:
		return expr.Of(t.negated)
	}
	return expr.Of(t.meets(v, typed))
}

// meets reports whether a known value passes the test.
func (t *test) meets(v *value, typed Type) bool {
	if t.all {
		return true
	}
	var found bool
	switch typed {
	case Text:
		if len(t.texts) == 1 {
			found = t.texts[0] == v.text
		} else {
			_, found = slices.BinarySearch(t.texts, v.text)
		}
	case Bool:
		found = t.bools[int(v.number)]
	default:
		for i := range t.spans {
			if t.spans[i].holds(v.number) {
				found = true
				break
			}
		}
	}
	return found != t.negated
}
