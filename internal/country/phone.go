package country

import "strings"

// Lengths of a telephone number with its calling code (ITU-T E.164), and the shortest that is in use.
const (
	minPhone = 7
	maxPhone = 15
)

// Phone returns a telephone number as E.164 has it ("+493012345678"), from one that begins with + or 00 and the calling code of a country;
// spaces, points, dashes, slashes and brackets are left out. Whether somebody has the number is not known here, nor what lengths a
// country's numbers have.
func Phone(written string) (number string, ok bool) {
	digits := strings.NewReplacer(" ", "", "\u00a0", "", "-", "", "/", "", ".", "", "(0)", "", "(", "", ")", "").Replace(strings.TrimSpace(written))
	switch {
	case strings.HasPrefix(digits, "+"):
		digits = digits[1:]
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	default:
		return "", false
	}
	if len(digits) < minPhone || len(digits) > maxPhone || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	for _, c := range countries {
		if strings.HasPrefix(digits, c.Code) {
			return "+" + digits, true
		}
	}
	for _, code := range furtherCodes {
		if strings.HasPrefix(digits, code) {
			return "+" + digits, true
		}
	}
	return "", false
}

// furtherCodes are those of territories: Saint Helena, Falkland Islands, Saint Pierre and Miquelon, Norfolk Island, Wallis and Futuna,
// Cook Islands, Niue, Tokelau.
var furtherCodes = strings.Fields("290 500 508 672 681 682 683 690")
