package screening

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/screening/names"
)

// List is an edition of a watch list.
type List struct {
	Name    string // "ofac-sdn", "un", or the name of a file of one's own
	Edition string // names the content: the issuer's date where the file has one, and the beginning of the SHA-256 of the files
	Entries []Entry
}

// Entry is a person, organization or vessel of a list.
type Entry struct {
	ID        string       `json:"id"` // as the issuer numbers it; unique within the list
	Kind      names.Kind   `json:"kind"`
	Names     []ListedName `json:"names"` // the main name first
	Births    []Birth      `json:"births,omitempty"`
	Countries []string     `json:"countries,omitempty"` // ISO 3166-1 alpha-2 in capitals where the issuer's name of the country is known
	Programs  []string     `json:"programs,omitempty"`  // why it is listed, in the issuer's words
}

// ListedName is one name of an entry. Weak names are those that the issuer calls low quality: they are not distinctive enough to be a
// hit without a date of birth or a country that agrees.
type ListedName struct {
	Text string `json:"text"`
	Weak bool   `json:"weak,omitempty"`
}

// Birth is a date of birth, as far as it is known: a day, a month, a year, or a span of years.
type Birth struct {
	From  int  `json:"from"` // years, the same for a single one
	To    int  `json:"to"`
	Month int  `json:"month,omitempty"` // 0 when not known, or with a span
	Day   int  `json:"day,omitempty"`
	Circa bool `json:"circa,omitempty"`
}

// ParseBirth reads a date of birth in ISO 8601: YYYY, YYYY-MM or YYYY-MM-DD. The empty text is no date. A month or day that
// does not exist is left out, because lists and forms have them (1968-13-30), and the year is still useful. Errors: Invalid.
func ParseBirth(s string) (Birth, bool, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Birth{}, false, nil
	}
	parts := strings.Split(s, "-")
	if len(parts) > 3 || len(parts[0]) != 4 || slices.ContainsFunc(parts, func(part string) bool { return strings.Trim(part, "0123456789") != "" }) {
		return Birth{}, false, problem.New(problem.Invalid, "A date of birth must be YYYY, YYYY-MM or YYYY-MM-DD.")
	}
	year, err := strconv.Atoi(parts[0])
	if err != nil {
		return Birth{}, false, problem.New(problem.Invalid, "A date of birth must be YYYY, YYYY-MM or YYYY-MM-DD.")
	}
	b := Birth{From: year, To: year}
	numbers := [2]int{}
	for i, part := range parts[1:] {
		if numbers[i], err = strconv.Atoi(part); err != nil {
			return Birth{}, false, problem.New(problem.Invalid, "A date of birth must be YYYY, YYYY-MM or YYYY-MM-DD.")
		}
	}
	if numbers[0] >= 1 && numbers[0] <= 12 {
		b.Month = numbers[0]
		if numbers[1] >= 1 && numbers[1] <= 31 {
			b.Day = numbers[1]
		}
	}
	return b, true, nil
}

// Years in which a person who is searched for, or listed, can be born.
const (
	firstYear = 1800
	lastYear  = 2100
)

// Plausible reports whether a person can be born then. 0000-00-00 and 9999-12-31 are what systems write for an unknown
// date: taken as a date, they would make everybody a different person.
func (b Birth) Plausible() bool { return b.From >= firstYear && b.To <= lastYear && b.From <= b.To }

// AskedBirth is ParseBirth for a search in a year: nobody is born later. Errors: Invalid.
func AskedBirth(s string, year int) (Birth, bool, error) {
	b, known, err := ParseBirth(s)
	if err == nil && known && (!b.Plausible() || b.From > year) {
		return b, false, problem.New(problem.Invalid, "The date of birth cannot be one: leave it out when it is not known.")
	}
	return b, known, err
}

// String is the date as it is shown: 1957-03-25, circa 1960, 1958 to 1963.
func (b Birth) String() string {
	about := ""
	if b.Circa {
		about = "circa "
	}
	switch {
	case b.From != b.To:
		return fmt.Sprintf("%s%04d to %04d", about, b.From, b.To)
	case b.Day > 0 && b.Month > 0:
		return fmt.Sprintf("%s%04d-%02d-%02d", about, b.From, b.Month, b.Day)
	case b.Month > 0:
		return fmt.Sprintf("%s%04d-%02d", about, b.From, b.Month)
	}
	return fmt.Sprintf("%s%04d", about, b.From)
}

// agreement is how well two dates of birth, or two countries, agree.
type agreement int

const (
	unknown agreement = iota // one of the two is not known
	opposed                  // more than ten years apart, or other countries
	apart                    // six to ten years
	near                     // up to five years
	beside                   // the same year, or one beside it
	same                     // the same day; or the same year, where no more is known; or a common country
)

// agrees compares two dates of birth.
func (b Birth) agrees(with Birth) agreement {
	years := 0
	if b.From > with.To {
		years = b.From - with.To
	} else if with.From > b.To {
		years = with.From - b.To
	}
	slack := 0
	if b.Circa || with.Circa {
		slack = 2
	}
	switch years = max(0, years-slack); {
	case years > 10:
		return opposed
	case years > 5:
		return apart
	case years > 1:
		return near
	case years == 1 || slack > 0 || b.From != b.To || with.From != with.To:
		return beside
	}
	if b.Month > 0 && with.Month > 0 && b.Month != with.Month || b.Day > 0 && with.Day > 0 && b.Day != with.Day {
		return beside
	}
	return same
}

// best is how well a date goes with the best of several.
func best(b Birth, listed []Birth) (agreement, Birth) {
	var found agreement
	var which Birth
	for _, l := range listed {
		if a := b.agrees(l); a > found {
			found, which = a, l
		}
	}
	return found, which
}

// compareEntries orders by list and id.
func compareEntries(a, b Hit) int {
	return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.ID, b.ID))
}
