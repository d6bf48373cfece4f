package calendar

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is an ISO 8601 duration. Years and months are of the calendar, everything else is exact: a day has 24 hours.
type Duration struct {
	Years, Months, Days int
	Time                time.Duration
}

// After returns the end of a duration that begins at t: years and months are added first and in one step, shortened to
// the last day of the month where necessary, then days and times. It counts in UTC, so that the end does not depend on
// the caller's time zone.
func (d Duration) After(t time.Time) time.Time {
	if months := 12*d.Years + d.Months; months != 0 {
		t = AddMonths(t.UTC(), months)
	}
	return t.UTC().Add(time.Duration(d.Days)*24*time.Hour + d.Time)
}

// Exact returns the length of a duration without years and months; false when it has any.
func (d Duration) Exact() (time.Duration, bool) {
	return time.Duration(d.Days)*24*time.Hour + d.Time, d.Years == 0 && d.Months == 0
}

// The longest part of each unit that is read: their sum stays far from overflow.
const (
	maxYears   = 1000
	maxMonths  = 12 * maxYears
	maxDays    = 36525
	maxHours   = 24 * maxDays
	maxMinutes = 60 * maxHours
	maxSeconds = 60 * maxMinutes
)

var isoDuration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?)?$`)

// ParseDuration reads an ISO 8601 duration of up to a thousand years or a hundred years of days: "P1Y2M10DT2H30M",
// "P2W", "PT0.5S". A fraction is of seconds only and has up to three digits; signs are not read. "P" alone and an end in
// "T" are refused.
func ParseDuration(text string) (Duration, bool) {
	m := isoDuration.FindStringSubmatch(text)
	if m == nil || len(text) < 3 || strings.HasSuffix(text, "T") {
		return Duration{}, false
	}
	var n [8]int
	for i, most := range []int{maxYears, maxMonths, maxDays / 7, maxDays, maxHours, maxMinutes, maxSeconds} {
		if m[i+1] == "" {
			continue
		}
		number, err := strconv.Atoi(m[i+1])
		if err != nil || number > most { // digits only: at worst too many
			return Duration{}, false
		}
		n[i] = number
	}
	if m[8] != "" {
		n[7], _ = strconv.Atoi((m[8] + "00")[:3]) // one to three digits
	}
	return Duration{
		Years: n[0], Months: n[1], Days: 7*n[2] + n[3],
		Time: time.Duration(n[4])*time.Hour + time.Duration(n[5])*time.Minute + time.Duration(n[6])*time.Second + time.Duration(n[7])*time.Millisecond,
	}, true
}
