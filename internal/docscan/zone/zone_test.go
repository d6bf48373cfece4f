package zone_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"
	"time"

	"ballerine/internal/demo/specimen"
	"ballerine/internal/docscan"
	"ballerine/internal/docscan/zone"
)

var toni = specimen.Person{
	Family: "Tester", Given: "Toni", Nationality: "UTO", Number: "X1234567", Sex: "F",
	Born: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC), Expires: time.Date(2030, 3, 1, 0, 0, 0, 0, time.UTC),
}

// passportOf draws a passport, and lays it on its side when asked to, as telephones do.
func passportOf(t *testing.T, who specimen.Person, onItsSide bool) []byte {
	t.Helper()
	file, err := who.Passport()
	if err != nil || !onItsSide {
		return file
	}
	upright, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	b := upright.Bounds()
	turned := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			turned.Set(b.Dy()-1-y, x, upright.At(x, y))
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, turned); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is in a picture counts, and not what somebody types.
func TestTheZoneOfAPictureIsReadAndCompared(t *testing.T) {
	other := toni
	other.Family, other.Number = "Impostor", "Y7654321"
	applicant := map[string]any{"name": map[string]any{"given": "Toni", "family": "Tester"}, "date_of_birth": "1980-05-17"}
	for name, c := range map[string]struct {
		file      []byte
		kind      string
		typed     string
		confirmed bool
		passed    bool
		source    docscan.Source
		codes     []string
	}{
		"nothing was typed":                 {passportOf(t, toni, false), "passport", "", true, true, "read", nil},
		"lying on its side":                 {passportOf(t, toni, true), "passport", "", true, true, "read", nil},
		"as it was typed":                   {passportOf(t, toni, false), "passport", toni.Zone(), true, true, "read", nil},
		"another one was typed":             {passportOf(t, other, false), "passport", toni.Zone(), false, false, "read", []string{"mrz_differs", "name_differs"}},
		"of somebody else":                  {passportOf(t, other, false), "passport", "", false, true, "read", []string{"name_differs"}},
		"a kind that nobody knows":          {passportOf(t, toni, false), "reisepass", "", true, true, "read", nil},
		"a selfie with a passport in it":    {passportOf(t, toni, false), "selfie", "", false, true, "", nil},
		"a passport without a zone, typed":  {stripes(t), "passport", toni.Zone(), false, true, "declared", []string{"mrz_not_read"}},
		"an identity card without a zone":   {stripes(t), "id_card", "", false, true, "", nil},
		"the picture of a passport's cover": {stripes(t), "passport", "", false, true, "", []string{"mrz_not_read"}},
	} {
		sought := docscan.ZoneOf(c.kind) != docscan.ZoneNever
		var read docscan.Reader
		if sought {
			read = zone.Read
		}
		look := docscan.LookAt(c.file, read)
		input := docscan.Input{
			ID: "doc_1", Kind: c.kind, ContentType: "image/png", Head: c.file, Look: look, ZoneSought: sought, Read: look.Zone,
			Properties: map[string]any{"mrz": c.typed},
		}
		report := docscan.CheckCase([]docscan.Input{input}, applicant, nil, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
		var codes []string
		for _, f := range report.Documents[0].Findings {
			if f.Code != "small" { // as it is drawn
				codes = append(codes, f.Code)
			}
		}
		source := docscan.Source("")
		if report.MRZ != nil {
			source = report.MRZ.Source
		}
		if report.Confirmed != c.confirmed || report.Passed != c.passed || source != c.source || !slices.Equal(codes, c.codes) {
			t.Errorf("%s: confirmed %v, passed %v, source %q, %v", name, report.Confirmed, report.Passed, source, codes)
		}
	}
}

// stripes is a picture with something on it that is no zone.
func stripes(t *testing.T) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 900, 600))
	for i := range img.Pix {
		if img.Pix[i] = 230; (i/900)/40%2 == 0 && i%900/12%3 == 0 {
			img.Pix[i] = 30
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPictureOfAnotherStateIsNotAcceptedWhateverIsTyped(t *testing.T) {
	file := passportOf(t, toni, false)
	look := docscan.LookAt(file, zone.Read)
	german := toni
	german.Nationality = "D"
	for name, c := range map[string]struct {
		issuers []string
		typed   string
		found   bool
	}{
		"all are":               {nil, "", false},
		"this one is":           {[]string{"DEU", "UTO"}, "", false},
		"others are":            {[]string{"DEU"}, "", true},
		"others are, and typed": {[]string{"DEU"}, german.Zone(), true},
	} {
		input := docscan.Input{
			ID: "doc_1", Kind: "passport", ContentType: "image/png", Head: file, Look: look, ZoneSought: true, Read: look.Zone, Issuers: c.issuers,
			Properties: map[string]any{"mrz": c.typed},
		}
		report := docscan.CheckCase([]docscan.Input{input}, nil, nil, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
		found := slices.ContainsFunc(report.Documents[0].Findings, func(f docscan.Finding) bool { return f.Code == "issuer_not_accepted" })
		if found != c.found || found && (report.Passed || report.Confirmed) {
			t.Errorf("%s: %v, passed %v", name, report.Documents[0].Findings, report.Passed)
		}
	}
}
