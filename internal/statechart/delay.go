package statechart

import (
	"strconv"
	"time"

	"ballerine/internal/calendar"
)

// Delay is the length of a timer. Years and months are of the calendar, everything else is exact; see package calendar
// for how a month ends.
type Delay struct {
	calendar.Duration
	Text string // as written
}

// ParseDelay reads an ISO 8601 duration ("P14D", "PT90S") or milliseconds ("1500"). It must be positive and
// at most ten years.
func ParseDelay(text string) (Delay, bool) {
	d := Delay{Text: text}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		d.Time = time.Duration(ms) * time.Millisecond
		return d, ms > 0 && ms <= int64(10*366*24*time.Hour/time.Millisecond)
	}
	var ok bool
	if d.Duration, ok = calendar.ParseDuration(text); !ok {
		return d, false
	}
	start := time.Unix(0, 0).UTC()
	end := d.After(start)
	return d, end.After(start) && end.Before(calendar.AddDays(calendar.AddYears(start, 10), 3))
}
