package calendar

import "time"

// AddMonths returns the same day and time of day a number of months later, or the last day of that month when the month
// is too short. Days are those of t's location.
func AddMonths(t time.Time, months int) time.Time {
	year, month, day := t.Date()
	year, month, _ = time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, time.UTC).Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, min(day, DaysIn(year, month)), hour, minute, second, t.Nanosecond(), t.Location())
}

// AddYears returns the same day a number of years later; 29 February becomes 28 February in a year without one.
func AddYears(t time.Time, years int) time.Time { return AddMonths(t, 12*years) }

// AddDays returns the same time of day a number of days later. Days are those of t's location, of 23 or 25 hours where
// clocks are changed.
func AddDays(t time.Time, days int) time.Time { return t.AddDate(0, 0, days) }

// StartOfDay is midnight of t's day, in t's location.
func StartOfDay(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, t.Location())
}

// DaysIn is the number of days of a month.
func DaysIn(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

// DaysBetween is the number of days from one date to another, negative when the second is earlier. Each date is that of
// its time's own location; times of day do not count.
func DaysBetween(from, to time.Time) int {
	return int(midnight(to).Sub(midnight(from)) / (24 * time.Hour))
}

func midnight(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Age is the number of whole years from a day of birth to another day, negative before the birth.
//
// A person born on 29 February is a year older on 1 March of a year without that day: nobody counts as of age a day too
// early. A year of age is complete when the day before the birthday ends (German Civil Code, sections 187 (2) and 188
// (2); English law counts alike), and Period.between of java.time returns the same. It follows that Age and AddYears
// differ for one day: on 28 February 2026, Age(29 February 2008) is 17, and AddYears returns that very day.
func Age(born, on time.Time) int {
	years := on.Year() - born.Year()
	if on.Month() < born.Month() || on.Month() == born.Month() && on.Day() < born.Day() {
		years--
	}
	return years
}
