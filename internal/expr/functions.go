package expr

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ballerine/internal/calendar"
)

// function is one of the functions an expression can call.
type function struct {
	usage       string
	least, most int     // arguments; most -1: any number
	takes       []Types // of each argument; the last is for all further ones
	returns     Types
	call        func(env *Env, arguments []any) any
}

// wants is the type of an argument.
func (f function) wants(i int) Types {
	if len(f.takes) == 0 {
		return Any
	}
	return f.takes[min(i, len(f.takes)-1)]
}

func (f function) arity() string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("at least %d arguments", f.least)
	case f.least == f.most && f.least == 1:
		return "one argument"
	case f.least == f.most:
		return fmt.Sprintf("%d arguments", f.least)
	}
	return fmt.Sprintf("%d to %d arguments", f.least, f.most)
}

var (
	dates   = []Types{TypeDate | TypeText}
	texts   = []Types{TypeText}
	numeric = []Types{TypeNumber}
)

// functionTable names every function. A function that receives a value of the wrong type is unknown, with a reason. It
// is a variable only because Go has no constant maps: it is never written.
var functionTable = map[string]function{
	"now":         {"now(): the time of the decision", 0, 0, nil, TypeDate, func(env *Env, _ []any) any { return env.Now }},
	"today":       {"today(): the date of the decision", 0, 0, nil, TypeDate, func(env *Env, _ []any) any { return calendar.StartOfDay(env.Now.In(env.location())) }},
	"date":        {"date(text): a date or time in ISO 8601", 1, 1, dates, TypeDate, func(env *Env, a []any) any { return dated(env, a[0], func(t time.Time) any { return t }) }},
	"age":         {"age(date): whole years since", 1, 1, dates, TypeNumber, age},
	"days_since":  {"days_since(date): whole days since, negative for the future", 1, 1, dates, TypeNumber, func(env *Env, a []any) any { return days(env, a[0], 1) }},
	"days_until":  {"days_until(date): whole days until, negative for the past", 1, 1, dates, TypeNumber, func(env *Env, a []any) any { return days(env, a[0], -1) }},
	"len":         {"len(text or list or object)", 1, 1, []Types{TypeText | TypeList | TypeObject}, TypeNumber, length},
	"lower":       {"lower(text)", 1, 1, texts, TypeText, text1(strings.ToLower)},
	"upper":       {"upper(text)", 1, 1, texts, TypeText, text1(strings.ToUpper)},
	"trim":        {"trim(text)", 1, 1, texts, TypeText, text1(strings.TrimSpace)},
	"contains":    {"contains(text or list, part)", 2, 2, []Types{TypeText | TypeList, Any}, TypeBool, func(env *Env, a []any) any { return contains(env, a[0], a[1]) }},
	"starts_with": {"starts_with(text, start)", 2, 2, texts, TypeBool, text2(strings.HasPrefix)},
	"ends_with":   {"ends_with(text, end)", 2, 2, texts, TypeBool, text2(strings.HasSuffix)},
	"abs":         {"abs(number)", 1, 1, numeric, TypeNumber, number1(math.Abs)},
	"round":       {"round(number): half away from zero", 1, 1, numeric, TypeNumber, number1(math.Round)},
	"floor":       {"floor(number)", 1, 1, numeric, TypeNumber, number1(math.Floor)},
	"ceil":        {"ceil(number)", 1, 1, numeric, TypeNumber, number1(math.Ceil)},
	"min":         {"min(number, …) or min(list)", 1, -1, []Types{TypeNumber | TypeList, TypeNumber}, TypeNumber, extreme(func(a, b float64) bool { return a < b })},
	"max":         {"max(number, …) or max(list)", 1, -1, []Types{TypeNumber | TypeList, TypeNumber}, TypeNumber, extreme(func(a, b float64) bool { return a > b })},
	"sum":         {"sum(list of numbers)", 1, 1, []Types{TypeList}, TypeNumber, sum},
	"exists":      {"exists(value): present and not empty", 1, 1, nil, TypeBool, nil},             // see existsNode
	"coalesce":    {"coalesce(value, …): the first value that is not null", 1, -1, nil, Any, nil}, // see coalesceNode
}

func functionNames() []string { return slices.Sorted(maps.Keys(functionTable)) }

// ParseDate reads an ISO 8601 date or time. A date alone is its start in the location.
func ParseDate(text string, location *time.Location) (time.Time, bool) {
	if location == nil {
		location = time.UTC
	}
	if year, month, day, ok := dateOnly(text); ok {
		return time.Date(year, month, day, 0, 0, 0, 0, location), true
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.In(location), true
	}
	if timed(text) { // RFC 3339 allows small letters
		if t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text)); err == nil {
			return t.In(location), true
		}
	}
	return time.Time{}, false
}

// dateOnly reads 2006-01-02, as time.Parse does and many times as fast.
func dateOnly(text string) (year int, month time.Month, day int, ok bool) {
	if len(text) != len(time.DateOnly) {
		return 0, 0, 0, false
	}
	var parts [3]int
	at := 0
	for i, c := range []byte(text) {
		switch {
		case i == 4 || i == 7:
			if c != '-' {
				return 0, 0, 0, false
			}
			at++
		case c < '0' || c > '9':
			return 0, 0, 0, false
		default:
			parts[at] = parts[at]*10 + int(c-'0')
		}
	}
	year, month, day = parts[0], time.Month(parts[1]), parts[2]
	if month < 1 || month > 12 || day < 1 || day > calendar.DaysIn(year, month) {
		return 0, 0, 0, false
	}
	return year, month, day, true
}

func dated(env *Env, v any, use func(time.Time) any) any {
	switch v := v.(type) {
	case time.Time:
		return use(v.In(env.location()))
	case string:
		if t, ok := ParseDate(v, env.Location); ok {
			return use(t)
		}
		return env.because("the text is not a date of the form 2006-01-02")
	}
	return env.because("a date is needed, not " + kind(v))
}

func age(env *Env, a []any) any {
	return dated(env, a[0], func(born time.Time) any { return float64(calendar.Age(born, env.Now.In(env.location()))) })
}

// isSince reports whether a time is not before the start of the day that many years ago.
func isSince(env *Env, years int) func(time.Time) any {
	return func(t time.Time) any {
		return !t.Before(calendar.AddYears(calendar.StartOfDay(env.Now.In(env.location())), -years))
	}
}

func days(env *Env, v any, sign float64) any {
	return dated(env, v, func(t time.Time) any {
		return sign * float64(calendar.DaysBetween(t, env.Now.In(env.location())))
	})
}

func length(env *Env, a []any) any {
	switch v := a[0].(type) {
	case string:
		return float64(utf8.RuneCountInString(v))
	case []any:
		return float64(len(v))
	case map[string]any:
		return float64(len(v))
	}
	return env.because("only text, lists and objects have a length, not " + kind(a[0]))
}

func text1(f func(string) string) func(*Env, []any) any {
	return func(env *Env, a []any) any {
		if s, ok := a[0].(string); ok {
			return f(s)
		}
		return env.because("text is needed, not " + kind(a[0]))
	}
}

func text2(f func(a, b string) bool) func(*Env, []any) any {
	return func(env *Env, a []any) any {
		s, ok := a[0].(string)
		t, ok2 := a[1].(string)
		if ok && ok2 {
			return f(s, t)
		}
		return env.because("text is needed, not " + kind(a[0]) + " and " + kind(a[1]))
	}
}

func number1(f func(float64) float64) func(*Env, []any) any {
	return func(env *Env, a []any) any {
		n, ok, good := number(a[0])
		if !ok || !good {
			return env.because("a number is needed, not " + kind(a[0]))
		}
		return f(n)
	}
}

// numbers of the arguments, or of the only one when it is a list.
func numbers(env *Env, a []any) ([]float64, bool) {
	if list, ok := a[0].([]any); ok && len(a) == 1 {
		a = list
	}
	found := make([]float64, len(a))
	for i, v := range a {
		n, ok, good := number(v)
		if !ok || !good {
			env.because("a number is needed, not " + kind(v))
			return nil, false
		}
		found[i] = n
	}
	return found, true
}

func extreme(better func(a, b float64) bool) func(*Env, []any) any {
	return func(env *Env, a []any) any {
		all, ok := numbers(env, a)
		if !ok {
			return unknown{}
		}
		if len(all) == 0 {
			return env.because("an empty list has no smallest or largest number")
		}
		best := all[0]
		for _, n := range all[1:] {
			if better(n, best) {
				best = n
			}
		}
		return best
	}
}

func sum(env *Env, a []any) any {
	all, ok := numbers(env, a)
	if !ok {
		return unknown{}
	}
	total := 0.0
	for _, n := range all {
		if total += n; !Exact(total) { // a sum that returns into the exact range has been rounded on the way
			return env.because("the result is too large to be exact")
		}
	}
	return total
}
