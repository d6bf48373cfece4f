package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/demo/specimen"
)

func TestZonesOfPicturesAreRead(t *testing.T) {
	person := specimen.Person{
		Family: "Example", Given: "Ada", Nationality: "UTO", Number: "X1234567", Sex: "F",
		Born: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC), Expires: time.Date(2031, 5, 17, 0, 0, 0, 0, time.UTC),
	}
	picture, err := person.Passport()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "passport.png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	var got zoneRead
	if called := call(t, "", "mrz", "read", file, "--json"); called.code != 0 || json.Unmarshal([]byte(called.out), &got) != nil {
		t.Fatal(called)
	}
	if got.Format == nil || *got.Format != "TD3" || !got.CheckDigits || strings.Join(got.Lines, "\n") != person.Zone() {
		t.Fatalf("%+v, not\n%s", got, person.Zone())
	}
	if got.Fields["surname"] != "EXAMPLE" || got.Fields["birth_date"] != "1980-05-17" || got.Fields["expiry_date"] != "2031-05-17" || got.Fields["document_number"] != "X1234567" {
		t.Errorf("%+v", got.Fields)
	}
	if called := call(t, "", "mrz", "read", file); !strings.Contains(called.out, "TD3, check digits agree") {
		t.Error(called)
	}
}

func TestZonesOfWhatIsNoPictureAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passport.png")
	if err := os.WriteFile(file, []byte("<svg/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := call(t, "", "mrz", "read", file); got.code != 1 || !strings.Contains(got.errs, "JPEG or PNG") {
		t.Error(got)
	}
}
