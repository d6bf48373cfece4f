package lists

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ballerine/internal/text"
)

// fault is what is wrong with a value; nil: it is valid. It never holds the value.
type fault struct{ code, message, hint string }

// exact is the largest whole number that is not another's rounding: the same bound as that of policies.
const exact = 1<<53 - 1

var numeric = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// normal returns the one form in which a value is kept.
func (s Shape) normal(value string) (string, *fault) {
	value, wrong := plainText(value, MaxValue, false)
	switch {
	case wrong != nil:
		return "", wrong
	case value == "":
		return "", &fault{"required", "the value is empty", ""}
	}
	switch s.Holds {
	case Number:
		return normalNumber(value)
	case Date:
		if !isDate(value) {
			return "", &fault{"date", "this is not a date", "2026-01-31"}
		}
	case Text:
	}
	return value, nil
}

func normalNumber(value string) (string, *fault) {
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case !numeric.MatchString(value):
		return "", &fault{"number", "this is not a number", "digits, and a point before decimals: 1250.5"}
	case err != nil || math.Abs(n) > exact:
		return "", &fault{"exact", "the number is too large to be held exactly", "store long numbers as texts, or use other units"}
	case n == 0:
		n = 0 // and not -0
	}
	return strconv.FormatFloat(n, 'f', -1, 64), nil
}

func isDate(value string) bool {
	_, err := time.Parse(time.DateOnly, value)
	return err == nil
}

// lineFeeds makes line ends of Windows and of an old Mac those of Unix.
var lineFeeds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// plainText returns a text without spaces at its ends, composed as Unicode recommends. It has at most so many bytes.
func plainText(value string, most int, lines bool) (string, *fault) {
	if !utf8.ValidString(value) {
		return "", &fault{"encoding", "this is not UTF-8", "save the file as CSV UTF-8"}
	}
	value = text.Compose(lineFeeds.Replace(strings.TrimSpace(value)))
	switch {
	case len(value) > most:
		return "", &fault{"length", "this is too long", "at most " + strconv.Itoa(most) + " bytes"}
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && (!lines || r != '\n' && r != '\t') }):
		return "", &fault{"control", "it contains invisible characters", "remove line breaks and tabs"}
	}
	return value, nil
}

// expiry reads a time; "" is never.
func expiry(value string) (time.Time, *fault) {
	value = strings.TrimSpace(value)
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		t, err = time.Parse(time.DateOnly, value)
	}
	if err != nil {
		return time.Time{}, &fault{"time", "this is not a time", "2026-12-31T18:00:00Z, or 2026-12-31 for the start of that day in UTC"}
	}
	if t = t.UTC().Truncate(time.Millisecond); t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, &fault{"time", "the time is too far in the future or past", "years 1970 to 9999"}
	}
	return t, nil
}

// key is what two entries cannot both have.
func (s Shape) key(value string) string {
	if s.Holds != Text || s.Matching != IgnoringCase {
		return value
	}
	return text.Fold(value)
}

// numberOf reads a JSON number that a policy has.
func numberOf(value any) (n float64, ok bool) {
	switch v := value.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	case int64:
		n = float64(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return 0, false
		}
		n = f
	default:
		return 0, false
	}
	return n, math.Abs(n) <= exact // not for NaN
}
