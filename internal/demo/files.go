package demo

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"ballerine/internal/calendar"
	"ballerine/internal/demo/specimen"
)

// Styles of a file.
const (
	asItIs   = ""
	notSent  = "not sent" // announced only
	blurred  = "blurred"  // the camera moved
	tilted   = "tilted"   // on a table, askew
	sideways = "sideways" // turned by 90 degrees
	broken   = "broken"   // the image does not decode
	somebody = "somebody" // the selfie of another person
	renewed  = "renewed"  // the passport that follows an expired one
	misread  = "misread"  // its zone was read with a wrong digit
	lengthy  = "lengthy"  // of 40 pages
)

// file is a file that an applicant uploads.
type file struct {
	kind, style string
	months      int // ago: how old a letter is, besides some days

	life  *life
	who   specimen.Person
	now   time.Time
	drawn func() drawing
}

type drawing struct {
	bytes       []byte
	contentType string
	err         error
}

func passport(style string) *file { return &file{kind: "passport", style: style} }
func selfie(style string) *file   { return &file{kind: "selfie", style: style} }
func letter() *file               { return &file{kind: "proof_of_address"} }

// letters are a year's bills and more: one for each month that has passed.
func letters(months int) (all []*file) {
	for n := range months {
		all = append(all, &file{kind: "proof_of_address", months: n})
	}
	return all
}

// of completes a file when its person is known.
func (f *file) of(l *life, now time.Time) {
	f.life, f.now, f.who = l, now, l.person
	if f.style == renewed {
		f.who.Expires = calendar.AddDays(calendar.AddMonths(now, 12*9+11), 3)
		f.who.Number = fmt.Sprintf("R%07d", 2000003+l.number*733_331%7_000_000)
	}
	f.drawn = sync.OnceValue(f.draw)
}

// properties are what the applicant's app has read from the file.
func (f *file) properties(at time.Time) map[string]any {
	switch f.kind {
	case "selfie":
		return map[string]any{"taken_at": at.UTC().Format(time.RFC3339)}
	case "proof_of_address":
		l := f.letter()
		return map[string]any{"issuer": l.Issuer, "issued": l.Date.Format(time.DateOnly), "address": strings.Join(l.Address, ", ")}
	}
	zone := f.who.Zone()
	switch f.style {
	case broken:
		return map[string]any{}
	case misread, blurred: // the zone's second line has a digit that was taken for another
		at := strings.Index(zone, "\n") + 14
		zone = zone[:at] + string('0'+(zone[at]-'0'+3)%10) + zone[at+1:]
	}
	return map[string]any{"mrz": zone, "number": f.who.Number, "expires": f.who.Expires.Format(time.DateOnly)}
}

// draw makes the file's bytes.
func (f *file) draw() drawing {
	if f.kind == "proof_of_address" {
		letter := f.letter()
		if f.style == lengthy {
			letter.Years = 39
		}
		return drawing{bytes: letter.PDF(), contentType: "application/pdf"}
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
		Date:    calendar.AddMonths(calendar.AddDays(f.now, -11-n%50), -f.months), Account: fmt.Sprintf("UPL-%06d", 304211+n*7919),
	}
}

// drawAhead draws the files in the order in which they are needed, beside the lives.
func drawAhead(ctx context.Context, steps []step) {
	next := make(chan *file)
	go func() {
		defer close(next)
		for _, step := range steps {
			if step.file == nil {
				continue
			}
			select {
			case next <- step.file:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range 3 {
		go func() {
			for f := range next {
				f.drawn()
			}
		}()
	}
}
