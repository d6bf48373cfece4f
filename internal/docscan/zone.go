package docscan

import (
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Format of a machine-readable zone, ICAO Doc 9303.
type Format string

// The formats of travel documents.
const (
	td1 Format = "TD1" // cards: three lines of 30 (part 5)
	td2 Format = "TD2" // larger cards: two lines of 36 (part 6)
	td3 Format = "TD3" // passports: two lines of 44 (part 4)
)

// MRZ is the contents of a zone. Names and numbers in it are personal data.
type MRZ struct {
	Format         Format
	DocumentCode   string // "P", "I", "ID", "AC"
	IssuingState   string // three letters, "D" for Germany
	DocumentNumber string // without fillers; long ones of TD1 and TD2 are joined
	Nationality    string
	Birth          Date
	Sex            string // "F", "M", "X" not specified, "" not readable
	Expiry         Date
	Optional       string // optional data, fillers at its end removed; TD3: personal number
	Optional2      string // TD1: of the second line
	Surname        string // words separated by one space
	GivenNames     string
	NameTruncated  bool      // the names fill their field: what follows may be cut off
	Findings       []Finding // what is wrong with it; values are never in it
}

// Valid reports whether the format and all check digits hold.
func (m MRZ) Valid() bool {
	for _, f := range m.Findings {
		if f.Severity == high {
			return false
		}
	}
	return true
}

// Date is a date with a two-digit year as the zone has it. A part that is filled or not readable is -1.
type Date struct{ Year, Month, Day int }

// Known reports whether all parts are there.
func (d Date) Known() bool { return d.Year >= 0 && d.Month >= 0 && d.Day >= 0 }

// BirthDate is the latest reading of the date that is not after now. False when a part is unknown or there is no such day.
func (m MRZ) BirthDate(now time.Time) (time.Time, bool) {
	if !m.Birth.Known() {
		return time.Time{}, false
	}
	today := day(now)
	for year := today.Year() - today.Year()%100 + m.Birth.Year; year > today.Year()-200; year -= 100 {
		if date, ok := m.Birth.in(year); ok && !date.After(today) {
			return date, true
		}
	}
	return time.Time{}, false
}

// ExpiryDate is the reading of the date nearest to now, from 50 years before to 49 after: documents are valid for ten
// years at most, some cards for longer.
func (m MRZ) ExpiryDate(now time.Time) (time.Time, bool) {
	if !m.Expiry.Known() {
		return time.Time{}, false
	}
	year := now.UTC().Year()
	full := year - 50 + ((m.Expiry.Year-(year-50))%100+100)%100
	return m.Expiry.in(full)
}

// in is the date in a full year; false when there is no such day.
func (d Date) in(year int) (time.Time, bool) {
	date := time.Date(year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
	return date, date.Year() == year && int(date.Month()) == d.Month && date.Day() == d.Day
}

func day(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// maxZone bounds the text of a zone, in bytes; a zone has 90 characters at most.
const maxZone = 1000

// ReadMRZ reads a zone from text. Line breaks and spaces may be anywhere, letters may be small. An error means that the
// text is not a zone at all; what is wrong within a zone is in Findings. Errors: Invalid, without any of the text.
func ReadMRZ(text string) (MRZ, error) {
	if len(text) > maxZone {
		return MRZ{}, notAZone("too_long", "The text is longer than a machine-readable zone.")
	}
	zone, ok := normalise(text)
	if !ok {
		return MRZ{}, notAZone("characters", "A machine-readable zone only has the characters A-Z, 0-9 and <.")
	}
	switch len(zone) {
	case 90:
		return readTD1(zone), nil
	case 72:
		return readTD2(zone), nil
	case 88:
		return readTD3(zone), nil
	}
	return MRZ{}, notAZone("length", "A machine-readable zone has 88 (passport), 90 (card) or 72 (larger card) characters.")
}

func notAZone(code, message string) error {
	return problem.New(problem.Invalid, "This is not a machine-readable zone.").With("mrz", code, "%s", message)
}

// normalise drops white space and raises letters; false when anything else is in it.
func normalise(text string) (string, bool) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' || r == '\u2028' || r == '\ufeff':
		case r >= 'a' && r <= 'z':
			b.WriteByte(byte(r - 'a' + 'A'))
		case r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '<':
			b.WriteByte(byte(r))
		case r == '«': // how some readers write two fillers
			b.WriteString("<<")
		default:
			return "", false
		}
	}
	return b.String(), true
}

// weight is the value of a character in a check digit: digits 0-9, letters 10-35, the filler 0.
func weight(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 0
}

// checkDigit is the sum of the weights times 7, 3, 1, 7, 3, 1, … modulo 10 (ICAO 9303-3, 4.9).
func checkDigit(data string) byte {
	factors := [3]int{7, 3, 1}
	sum := 0
	for i := range len(data) {
		sum += weight(data[i]) * factors[i%3]
	}
	return byte('0' + sum%10)
}
