package specimen

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Person is the holder of a specimen passport: a person who does not exist.
type Person struct {
	Family, Given string
	Nationality   string // three letters of ICAO 9303, "UTO"
	Number        string // of the passport, at most nine letters and digits
	Personal      string // number of the person, at most 14 letters and digits; "" for none
	Born, Expires time.Time
	Sex           string // F, M or ""
	Origin        string // country of two letters that a portrait takes its looks from; "" for any
}

// Zone is the machine-readable zone of a TD3 passport by ICAO 9303, two lines of 44.
func (p Person) Zone() string {
	name := transliterate(p.Family) + "<<" + transliterate(p.Given)
	first := fill44("P<" + p.Nationality + name)
	number := pad(p.Number, 9)
	born, expires := p.Born.Format("060102"), p.Expires.Format("060102")
	sex := p.Sex
	if sex == "" {
		sex = "<"
	}
	personal := pad(p.Personal, 14)
	second := number + digit(number) + p.Nationality + born + digit(born) + sex + expires + digit(expires) + personal + digit(personal)
	second += digit(number + digit(number) + born + digit(born) + expires + digit(expires) + personal + digit(personal))
	return first + "\n" + second
}

// Passport draws the passport as a plain small card: for tests and measurements, which need many. Page is the realistic one.
func (p Person) Passport() ([]byte, error) {
	return drawPNG(card{
		Title: "PASSPORT", Zone: p.Zone(), Seed: hashOf(p.Family + p.Given + p.Number),
		Lines: []string{
			"Surname      " + strings.ToUpper(p.Family), "Given names  " + strings.ToUpper(p.Given), "Nationality  " + p.Nationality,
			"Born         " + strings.ToUpper(p.Born.Format("02 Jan 2006")), "Sex          " + p.Sex,
			"Expires      " + strings.ToUpper(p.Expires.Format("02 Jan 2006")), "Number       " + p.Number,
		},
	})
}

// spellings are the letters that a zone writes with others.
var spellings = strings.NewReplacer(
	"Ä", "AE", "Ö", "OE", "Ü", "UE", "ß", "SS", "ẞ", "SS", "Å", "AA", "Ø", "OE", "Æ", "AE", "Œ", "OE", "Þ", "TH", "Ð", "D", "Đ", "D", "Ł", "L", "Ħ", "H", "İ", "I",
	"-", " ", "'", "", "’", "",
)

// transliterate writes a name as a zone does, with a filler for each space.
func transliterate(name string) string {
	written := strings.Map(func(r rune) rune {
		if r == ' ' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1 // an accent that was taken off its letter, and what no zone has
	}, norm.NFD.String(spellings.Replace(strings.ToUpper(norm.NFC.String(name)))))
	return strings.Join(strings.Fields(written), "<")
}

func pad(text string, length int) string {
	return (text + strings.Repeat("<", length))[:length]
}

func fill44(text string) string { return pad(text, 44) }

// digit is the check digit of ICAO 9303: weights 7, 3, 1.
func digit(text string) string {
	sum := 0
	for i, r := range text {
		value := 0
		switch {
		case r >= '0' && r <= '9':
			value = int(r - '0')
		case r >= 'A' && r <= 'Z':
			value = int(r-'A') + 10
		}
		sum += value * []int{7, 3, 1}[i%3]
	}
	return fmt.Sprint(sum % 10)
}
