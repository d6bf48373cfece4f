package expr

import (
	"strings"
	"time"
)

// compareTexts compares texts: dates with times by the instants that they name, whatever their zones, all others by their
// characters. A date alone beside one with a time is the start of that day in the policy's zone, as date() has it.
func compareTexts(env *Env, op comparison, left, right string) Truth {
	if left == right {
		return Of(op.holds(0))
	}
	l, r := timed(left), timed(right)
	if !l && !r {
		return Of(op.holds(strings.Compare(left, right)))
	}
	a, ok := ParseDate(left, env.Location)
	b, ok2 := ParseDate(right, env.Location)
	switch {
	case ok && ok2 && l != r && env.early:
		env.because("the zone is not known yet")
		return Unknown
	case ok && ok2:
		return Of(op.holds(a.Compare(b)))
	case op <= notEqual: // a date is not another text
		return Of(op == notEqual)
	}
	env.because("a date with a time has no order with text that is none")
	return Unknown
}

// timed reports whether a text has the form of a date with a time: 2026-01-31T12:00:00Z.
func timed(text string) bool {
	return len(text) >= len("2006-01-02T15:04:05Z") && text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') && text[0] >= '0' && text[0] <= '9'
}

// Instant converts texts of dates with times that name the same instant to the same form; all other texts stay as they are.
func Instant(text string) string {
	if !timed(text) {
		return text
	}
	t, ok := ParseDate(text, nil)
	if !ok {
		return text
	}
	return t.UTC().Format(time.RFC3339Nano)
}
