package xlsx

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/calendar"
)

var notOfDates = regexp.MustCompile(`"[^"]*"|\\.|\[[^\]]*\]|_.|\*.`) // of a format: texts, colours, conditions, fillings

// dateFormat reports whether a number format shows dates: by its number where that is built in, else by its code.
func dateFormat(id, code string) bool {
	if code == "" {
		n, err := strconv.Atoi(id)
		return err == nil && (n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58)
	}
	code = notOfDates.ReplaceAllString(code, "")
	return !strings.EqualFold(code, "general") && strings.ContainsAny(strings.ToLower(code), "ymdhs")
}

// lastDay is 9999-12-31, in days of a sheet.
const lastDay = 2958465

// dateText is the date of a sheet's number; timed when it has a time of day, or is none but a time of day.
func dateText(serial float64, from04 bool) (text string, timed, ok bool) {
	if serial < 0 || serial > lastDay+1 {
		return "", false, false
	}
	day, rest := math.Modf(serial)
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from04:
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day < 60: // a sheet has a 29 February 1900
		first = calendar.AddDays(first, 1)
	}
	return calendar.AddDays(first, int(day)).Format(time.DateOnly), rest != 0 || day == 0 && !from04, true
}

var escaped = regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`)

// unescape reads the characters that XML cannot have.
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escaped.ReplaceAllStringFunc(text, func(code string) string {
		n, err := strconv.ParseUint(code[2:6], 16, 32)
		if err != nil {
			return code
		}
		return string(rune(n))
	})
}
