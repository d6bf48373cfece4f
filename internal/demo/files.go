package demo

import (
	"fmt"
	"strings"

	"ballerine/internal/calendar"
	"ballerine/internal/demo/specimen"
)

// draw makes the file's bytes.
func (f *file) draw() drawing {
	if f.kind == "proof_of_address" {
		return drawing{bytes: f.letter().PDF(), contentType: "application/pdf"}
	}
	bytes, err := f.picture()
	return drawing{bytes: bytes, contentType: "image/jpeg", err: err}
}

// picture is the photograph of a person or of their passport, as it was taken.
func (f *file) picture() ([]byte, error) {
	switch {
	case f.style == broken:
		return specimen.Undecodable(), nil
	case f.kind == "selfie" && f.style == somebody:
		other := f.who
		other.Given, other.Family, other.Born = f.who.Family, f.who.Given, calendar.AddYears(f.who.Born, 9)
		return other.Selfie(f.now)
	case f.kind == "selfie":
		return f.who.Selfie(f.now)
	}
	conditions := map[string]specimen.Condition{blurred: specimen.Blurred, tilted: specimen.Tilted, sideways: specimen.Sideways}
	return f.who.Page(conditions[f.style])
}

// letter is the applicant's proof of address.
func (f *file) letter() specimen.Letter {
	streets := []string{"Lindenallee", "Harbour Road", "Rue du Moulin", "Via dei Tigli", "Mill Lane", "Calle del Pozo", "Kirkegata", "Station Street"}
	towns := []string{"Ostenfeld", "Greywater", "Valmont", "Castelrosso", "Brackley Green", "Villaverde", "Sandnes by", "Northgate"}
	n := f.life.number
	name := strings.TrimSpace(f.who.Given + " " + f.who.Family)
	return specimen.Letter{
		Issuer: []string{"Utopia Power & Light", "Northern Grid Utility", "Stadtwerke Specimen"}[n%3], Name: name,
		Address: []string{fmt.Sprintf("%s %d", streets[n%len(streets)], 3+n*7%89), fmt.Sprintf("%05d %s", 10115+n*1373%79000, towns[n*3%len(towns)])},
		Date:    calendar.AddDays(f.now, -11-n%50), Account: fmt.Sprintf("UPL-%06d", 304211+n*7919),
	}
}
