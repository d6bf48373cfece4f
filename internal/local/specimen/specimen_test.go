package specimen

import (
	"bytes"
	"image/png"
	"testing"
	"time"

	"ballerine/internal/document"
)

func TestSameCardGivesSameImageAndAnotherCardAnother(t *testing.T) {
	card := Card{Title: "PASSPORT", Lines: []string{"Surname ERIKSSON"}, Zone: "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	first, err := PNG(card)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := PNG(card)
	card.Seed = 21
	other, _ := PNG(card)
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
	if _, err := document.ReadMRZ(anna.Zone()); err != nil {
		t.Error(err)
	}
}
