package statechart

import (
	"regexp"
	"strconv"
	"time"
)

// Delay is the length of a timer. Years and months are of the calendar, everything else is exact.
type Delay struct {
	Years, Months, Days int
	Time                time.Duration
	Text                string // as written
}

// After gives the deadline of a delay that starts at t.
func (d Delay) After(t time.Time) time.Time {
	if d.Years != 0 || d.Months != 0 {
		t = t.AddDate(d.Years, d.Months, 0)
	}
	return t.Add(time.Duration(d.Days)*24*time.Hour + d.Time)
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?)?$`)

// ParseDelay reads an ISO 8601 duration ("P14D", "PT90S") or milliseconds ("1500"). It must be more than nothing and
// at most ten years.
func ParseDelay(text string) (Delay, bool) {
	d := Delay{Text: text}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		d.Time = time.Duration(ms) * time.Millisecond
		return d, ms > 0 && ms <= int64(10*366*24*time.Hour/time.Millisecond)
	}
	m := isoDuration.FindStringSubmatch(text)
	if m == nil || len(text) < 3 || text[len(text)-1] == 'T' {
		return d, false
	}
	n := make([]int, len(m))
	for i := 1; i < len(m); i++ {
		if len(m[i]) > 9 {
			return d, false
		}
		n[i], _ = strconv.Atoi(m[i]) // the pattern leaves digits or nothing
	}
	for i := len(m[8]); i < 3; i++ {
		n[8] *= 10
	}
	d.Years, d.Months, d.Days = n[1], n[2], 7*n[3]+n[4]
	d.Time = time.Duration(n[5])*time.Hour + time.Duration(n[6])*time.Minute + time.Duration(n[7])*time.Second + time.Duration(n[8])*time.Millisecond
	start := time.Unix(0, 0).UTC()
	end := d.After(start)
	return d, n[1] <= 10 && n[2] <= 120 && d.Days <= 3660 && n[5] <= 87840 && n[6] <= 5270400 && n[7] <= 316224000 && end.After(start) && end.Before(start.AddDate(10, 0, 3))
}
