package specimen

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
	"time"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/image/font/sfnt"

	"ballerine/internal/docscan"
)

func TestSameCardGivesSameImageAndAnotherCardAnother(t *testing.T) {
	card := card{Title: "PASSPORT", Lines: []string{"Surname ERIKSSON"}, Zone: "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	first, err := drawPNG(card)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := drawPNG(card)
	card.Seed = 21
	other, _ := drawPNG(card)
	if !bytes.Equal(first, again) || bytes.Equal(first, other) {
		t.Error("the image must depend on the card and on nothing else")
	}
	img, err := png.Decode(bytes.NewReader(first))
	if err != nil || img.Bounds().Dx() != width*zoom || img.Bounds().Dy() != height*zoom {
		t.Errorf("bounds %v, err %v", img.Bounds(), err)
	}
}

func TestTheZoneIsTheOneOfICAOsSpecimen(t *testing.T) {
	anna := Person{Family: "Eriksson", Given: "Anna Maria", Nationality: "UTO", Number: "L898902C3", Sex: "F", Born: time.Date(1974, 8, 12, 0, 0, 0, 0, time.UTC), Expires: time.Date(2012, 4, 15, 0, 0, 0, 0, time.UTC)}
	want := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159<<<<<<<<<<<<<<08"
	if got := anna.Zone(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if _, err := docscan.ReadMRZ(anna.Zone()); err != nil {
		t.Error(err)
	}
}

var juergen = Person{
	Family: "Weißmüller", Given: "Jürgen", Nationality: "UTO", Number: "C4615204", Sex: "M",
	Born: time.Date(1958, 1, 3, 0, 0, 0, 0, time.UTC), Expires: time.Date(2031, 5, 27, 0, 0, 0, 0, time.UTC),
}

func TestPicturesAreTheSameForTheSamePersonAndDifferentForOthers(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	sofie := juergen
	sofie.Given, sofie.Family, sofie.Sex = "Sofie", "Lindqvist", "F"
	draw := map[string]func(Person) ([]byte, error){
		"page":     func(p Person) ([]byte, error) { return p.Page(Good) },
		"blurred":  func(p Person) ([]byte, error) { return p.Page(Blurred) },
		"tilted":   func(p Person) ([]byte, error) { return p.Page(Tilted) },
		"sideways": func(p Person) ([]byte, error) { return p.Page(Sideways) },
		"selfie":   func(p Person) ([]byte, error) { return p.Selfie(now) },
	}
	sizes := map[string]image.Point{"page": {pageWidth, pageHeight}, "blurred": {pageWidth, pageHeight}, "tilted": {1280, 960}, "sideways": {pageHeight, pageWidth}, "selfie": {720, 900}}
	for name, taken := range draw {
		first, err := taken(juergen)
		if err != nil {
			t.Fatal(name, err)
		}
		again, _ := taken(juergen)
		other, _ := taken(sofie)
		if !bytes.Equal(first, again) || bytes.Equal(first, other) {
			t.Errorf("%s: it must depend on the person and on nothing else", name)
		}
		img, err := jpeg.Decode(bytes.NewReader(first))
		if err != nil || img.Bounds().Size() != sizes[name] {
			t.Errorf("%s: bounds %v, err %v", name, img.Bounds(), err)
		}
		if len(first) > 250_000 {
			t.Errorf("%s: %d bytes", name, len(first))
		}
	}
}

func TestFontsHaveTheLettersOfTheNamesThatAreDrawn(t *testing.T) {
	var buffer sfnt.Buffer
	for _, name := range []string{"regular", "medium", "bold"} {
		for _, r := range "ÄÖÜßÅØÆŒÞÐĐŁŻŹŽŠĚÓĂŐÑÇÍĆ'·–" {
			if index, err := fonts[name]().GlyphIndex(&buffer, r); err != nil || index == 0 {
				t.Errorf("%s has no %c", name, r)
			}
		}
	}
}

func TestUndecodableLooksLikeAJPEGAndIsNone(t *testing.T) {
	if kind := mimetype.Detect(Undecodable()); !kind.Is("image/jpeg") {
		t.Errorf("it looks like %s", kind)
	}
	if _, err := jpeg.Decode(bytes.NewReader(Undecodable())); err == nil {
		t.Error("it decodes")
	}
}

func TestAFaceFollowsFromThePersonNotFromTheDocument(t *testing.T) {
	renewed := juergen
	renewed.Number, renewed.Expires = "R1234567", renewed.Expires.AddDate(10, 0, 0)
	if faceOf(juergen, 2026) != faceOf(renewed, 2026) {
		t.Error("a new passport shows somebody else")
	}
}

func TestALetterHasOnePageForEachYearBesideTheFirst(t *testing.T) {
	for years, want := range map[int]int{0: 2, 1: 2, 39: 40} {
		letter := Letter{Issuer: "Grid", Name: "Anna Eriksson", Date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Account: "1", Years: years}
		if got := bytes.Count(letter.PDF(), []byte("/Type /Page ")); got != want {
			t.Errorf("%d years: %d pages, not %d", years, got, want)
		}
	}
}
